/**
 * The job of a form as texts that run as they are: a command line, a Python program, a request.
 *
 * Place: beside the form of a new job. `tests/e2e/dapp/test_elsewhere.py` runs them.
 * Never: a placeholder; without a whole job there is no text.
 */
import { cidFromHex } from "./cid.ts";
import { exactNvy } from "./money.ts";
import { type JobSpec, specToJson } from "./spec.ts";

export interface Elsewhere {
  spec: JobSpec;
  maxPriceWei: bigint;
  /** How offers are ranked. */
  preset: string;
  isListing: boolean;
  /** Who would take the offers. */
  client: string;
  /** Where this market's service is. */
  origin: string;
}

export interface Way {
  name: "cURL" | "CLI" | "Python";
  /** What running it does, and what it costs. */
  about: string;
  text: string;
}

const FILE = "input.safetensors";

/** One argument of a POSIX shell. */
export const quoted = (text: string): string => (/^[A-Za-z0-9_./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

export const waysOf = (job: Elsewhere): Way[] => [cli(job), python(job), curl(job)];

const inputUrl = ({ spec, origin }: Elsewhere): string => `${origin}/api/storage/${cidFromHex(spec.inputCid).text}`;

function cli(job: Elsewhere): Way {
  const { spec } = job;
  const lines = [
    `curl -fsS -o ${FILE} ${quoted(inputUrl(job))}`,
    `neurovoyance job submit ${spec.modelId} --input ${FILE} \\`,
    `  --max-price ${exactNvy(job.maxPriceWei)} --declared-gain ${exactNvy(spec.declaredGainWei)} --audit-slots ${spec.auditSlots} \\`,
    `  --max-runtime ${spec.maxRuntimeS} --window ${spec.windowS} --class ${spec.jobClass} --preset ${quoted(job.preset)}${job.isListing ? " --listing" : ""}`,
  ];
  return { name: "CLI", about: `Fetches the input, then ${job.isListing ? "lists the job" : "shows what nodes ask"} and asks you before money moves. The result is checked before it is paid. The account is the one of your command line, not the wallet of this page.`, text: lines.join("\n") };
}

function python(job: Elsewhere): Way {
  const { spec } = job;
  const lines = [
    "from urllib.request import urlretrieve",
    "",
    "from neurovoyance.client import Client",
    "from neurovoyance.protocol.job_spec import JobClass",
    "from neurovoyance.protocol.units import nvy",
    "from safetensors.numpy import load_file",
    "",
    `urlretrieve(${JSON.stringify(inputUrl(job))}, "${FILE}")`,
    "with Client.from_profile() as client:",
    "    job = client.submit(",
    `        "${spec.modelId}",`,
    `        load_file("${FILE}"),`,
    `        max_price_wei=nvy("${exactNvy(job.maxPriceWei)}"),`,
    `        declared_gain_wei=nvy("${exactNvy(spec.declaredGainWei)}"),`,
    `        audit_slots=${spec.auditSlots},`,
    `        max_runtime_s=${spec.maxRuntimeS},`,
    `        window_s=${spec.windowS},`,
    `        job_class=JobClass.${spec.jobClass},`,
    `        preset=${JSON.stringify(job.preset)},`,
    `        hire="${job.isListing ? "listing" : "offer"}",`,
    "    )",
    "    outputs = job.result()",
    "    print(job.id)",
    "    print(outputs)",
  ];
  return { name: "Python", about: "Fetches the input, hires without asking, at most for the price above, and pays when the result was checked. The account is the one of the profile in ~/.neurovoyance.", text: lines.join("\n") };
}

function curl(job: Elsewhere): Way {
  const body = JSON.stringify({ spec: specToJson(job.spec), client: job.client, max_price_wei: job.maxPriceWei.toString(), preset: job.preset });
  const lines = [`curl -fsS ${quoted(`${job.origin}/api/offers`)} \\`, "  -H 'content-type: application/json' \\", `  -d ${quoted(body)}`];
  return { name: "cURL", about: "Asks every node what it would take for this job: signed prices, the best first, and why others refuse. It hires nobody and costs nothing; hiring takes a signature, which the other two make.", text: lines.join("\n") };
}
