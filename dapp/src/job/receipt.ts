/**
 * The receipt of a job: what was asked, who did what when, and what was paid; and its check.
 *
 * Place: after a job, for the books and for a dispute. Twin of `neurovoyance.client.receipts` and
 * `signed_receipts`: the same JSON, signed by EIP-191 over its RFC 8785 form. The command
 * `neurovoyance receipt check FILE` checks the same file against the chain.
 * Never: a key, an input or an output in a receipt.
 */

import { getAddress, hashMessage } from "viem/utils";
import { hexOf, type Hex } from "./bytes.ts";
import { moneyOf } from "./checks.ts";
import { cidFromHex } from "./cid.ts";
import { JobError, sentenceOf } from "./errors.ts";
import { Story } from "./events.ts";
import { amountIn, isOver, jobFacts, stepOf, type Facts, type FactSources } from "./facts.ts";
import { canonicalBytes, canonicalJson } from "./jcs.ts";
import { recoverOneForm } from "./offer.ts";
import { jobIdOf, specFromJson, specHash } from "./spec.ts";

export const RECEIPT_VERSION = "2";
/** Longest file that is read; as the command line's. */
export const RECEIPT_MAX_BYTES = 16 << 20;
/** What a page says beside a receipt. */
export const CHECK_COMMAND = "neurovoyance receipt check FILE";

export type Receipt = Record<string, unknown>;

const SHOWN = new Set([
  "JobPosted", "JobAssigned", "JobCommitted", "SeedDrawn", "JobRevealed", "JobConfirmed",
  "JobSettled", "JobExpired", "JobCancelled", "JobInvalid", "AuditOpened", "AuditRevealed",
  "AuditClosed", "AuditContested", "JobMoved", "SlashShareCredited", "SlashSplit",
]); // prettier-ignore
const CHANGING = new Set(["state", "money", "slashes", "steps", "disputes", "audit"]);

/**
 * Return the unsigned receipt of a job.
 *
 * @param modelCid text CID in the model's manifest.
 * @param earlier attempts of the same order: `{job_id, status, note}`; none if there was one only.
 */
export function buildReceipt(
  sources: FactSources,
  modelCid: string,
  earlier: readonly Facts[] = [],
): Receipt {
  const facts = jobFacts(sources);
  const story = new Story(sources.events);
  const assigned = story.last("JobAssigned");
  const money = moneyOf(story);
  const spec = facts.spec as Record<string, string>;
  return {
    version: RECEIPT_VERSION,
    job_id: facts.job_id,
    state: sources.state,
    chain_id: sources.chainId,
    market: sources.market,
    client: facts.client,
    provider: facts.provider,
    salt: facts.salt,
    spec,
    model_cid: modelCid,
    input_cid: cidFromHex(spec.input_cid as Hex).text,
    result_cid: facts.result_cid,
    out_root: facts.out_root,
    price_wei: assigned ? facts.price_wei : amountIn(story.last("JobPosted"), "max_price_wei"),
    lock_wei: assigned ? facts.lock_wei : amountIn(story.last("JobPosted"), "min_lock_wei"),
    escrow_wei: money.escrowWei.toString(),
    paid_wei: money.paidWei.toString(),
    refunded_wei: money.refundedWei.toString(),
    audits_wei: money.auditsWei.toString(),
    compensation_wei: money.compensationWei.toString(),
    earlier_attempts: earlier,
    steps: story.events.filter((one) => SHOWN.has(one.name)).map((one) => stepOf(one, sources.timeOf)),
    facts,
  };
}

/**
 * Return a receipt that is signed.
 *
 * @param signer who signs, usually the client of the job.
 * @param sign `(raw) => walletClient.signMessage({ account, message: { raw } })`.
 */
export async function signReceipt(
  receipt: Receipt,
  signer: string,
  sign: (raw: Hex) => Promise<Hex>,
): Promise<Receipt> {
  const unsigned = { ...withoutSignature(receipt), signed_by: getAddress(signer) };
  return { ...unsigned, signature: await sign(hexOf(canonicalBytes(unsigned))) };
}

/** Return the text of a receipt's file, as the Python client writes it. */
export function receiptText(receipt: Receipt): string {
  return `${JSON.stringify(receipt, null, 2)}\n`;
}

/**
 * Return the receipt in a file of an untrusted source.
 *
 * @throws JobError `spec` if it is too long or no JSON object.
 */
export function parseReceipt(text: string): Receipt {
  if (text.length > RECEIPT_MAX_BYTES) throw new JobError("spec", "The file is too long for a receipt.");
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null && !Array.isArray(found)) return found as Receipt;
  } catch {
    // said below
  }
  throw new JobError("spec", "The file is not a receipt: it holds no JSON object.");
}

/** Return what is wrong with the signature, a sentence each; empty when it is sound. */
export async function signatureFaults(receipt: Receipt): Promise<string[]> {
  const { signature, signed_by: signer } = receipt;
  if (typeof signature !== "string" || typeof signer !== "string") return ["The receipt is not signed."];
  const bare = signature.startsWith("0x") ? signature : `0x${signature}`;
  try {
    const digest = hashMessage({ raw: canonicalBytes(withoutSignature(receipt)) });
    const found = await recoverOneForm(digest, bare as Hex, "receipt's signature");
    if (found === signer) return [];
    return ["The receipt was changed after it was signed, or signed by somebody else."];
  } catch (error) {
    return [sentenceOf(error)];
  }
}

/**
 * Return what is wrong with a receipt by itself, a sentence each; empty when it holds together.
 *
 * The job id follows from spec, salt, client, market and chain; what was paid and refunded is the
 * escrow; the state fits the steps. Twin of `check_receipt`.
 */
export function receiptFaults(receipt: Receipt): string[] {
  try {
    return [...linkFaults(receipt), ...sumFaults(receipt)];
  } catch (error) {
    return [`The receipt is incomplete or malformed: ${sentenceOf(error)}`];
  }
}

function linkFaults(receipt: Receipt): string[] {
  const faults: string[] = [];
  const spec = specFromJson(receipt.spec);
  const { chain_id: chainId, market, client, salt } = receipt;
  const id = jobIdOf(BigInt(chainId as number), String(market), String(client), salt as Hex, specHash(spec));
  if (id !== receipt.job_id) {
    faults.push("The job id does not follow from the spec, salt, client and market.");
  }
  if (cidFromHex(spec.inputCid).text !== receipt.input_cid) {
    faults.push("The input CID is not the one in the spec.");
  }
  return faults;
}

function sumFaults(receipt: Receipt): string[] {
  const faults: string[] = [];
  const of = (name: string): bigint => BigInt(receipt[`${name}_wei`] as string);
  const [paid, price] = [of("paid"), of("price")];
  const isSettled = receipt.state === "Settled";
  if (isSettled && paid + of("refunded") + of("audits") !== of("escrow")) {
    faults.push("What was paid, returned and given to audits is not the escrow.");
  }
  if (isSettled && paid > price) faults.push("More was paid than the price.");
  if (!isSettled && paid) faults.push("Something was paid although the job is not settled.");
  const names = (receipt.steps as Facts[]).map((step) => step.event);
  if (isSettled !== names.includes("JobSettled")) faults.push("The state does not fit the steps.");
  return faults;
}

/**
 * Return what the chain says otherwise, a sentence each; empty when all of it holds.
 *
 * @param found facts of the same job as the chain has them now, see `jobFacts`.
 */
export function chainFaults(receipt: Receipt, found: Facts): string[] {
  const told = receipt.facts as Facts | undefined;
  if (typeof told !== "object" || told === null) {
    return ["The receipt holds no facts of the chain; it is of an older form."];
  }
  for (const [name, what] of [["chain_id", "chain"], ["market", "market"], ["job_id", "job"]] as const) {
    if (told[name] !== found[name]) return [`The receipt is of another ${what}.`];
  }
  const names = [...new Set([...Object.keys(told), ...Object.keys(found)])].sort();
  const isEarlier = isPrefix(told, found);
  return names
    .filter((name) => !isSame(told[name], found[name]))
    .filter((name) => !((CHANGING.has(name) || isNotYet(told[name])) && isEarlier))
    .map((name) => `The chain says otherwise about \`${name}\`.`);
}

/** Return whether the chain only went on: the steps told are the first of those found. */
function isPrefix(told: Facts, found: Facts): boolean {
  const [earlier, now] = [told.steps, found.steps as Facts[]];
  if (!Array.isArray(earlier) || !earlier.length || earlier.length >= now.length) return false;
  return isSame(now.slice(0, earlier.length), earlier) && (told.state === found.state || !isOver(told));
}

function isNotYet(value: unknown): boolean {
  return value === "" || value === "0" || value === 0 || value === false;
}

function isSame(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return left === right;
  return canonicalJson(left) === canonicalJson(right);
}

function withoutSignature(receipt: Receipt): Receipt {
  const { signature: _, ...unsigned } = receipt;
  return unsigned;
}

/** Return a name for a receipt's file. */
export function receiptName(jobId: string): string {
  return `receipt-${jobId.slice(2, 18)}.json`;
}
