/**
 * What is to be computed: the immutable description that prices, ids and hashes bind.
 *
 * Place: first step of a job. Twin of `neurovoyance.protocol.job_spec`; the vectors in
 * `tests/vectors/job.json` hold both sides together. Format: docs/spec/job.md.
 * Never: a default that changes money.
 */

import { getAddress, keccak256 } from "viem/utils";
import { bigOf, isHex, utf8, ZERO_32, type Hex } from "./bytes.ts";
import { JobError, shown, type Fault } from "./errors.ts";
import { hashAbi } from "./hashing.ts";

export const SPEC_MAX_BYTES = 16_384;
export const MAX_RUNTIME_MAX_S = 14_400;
export const WINDOW_MIN_S = 600;
export const WINDOW_MAX_S = 86_400;
export const AUDIT_SLOTS_MAX = 8;
export const UINT96_MAX = 2n ** 96n - 1n;
const CID_MIN_BYTES = 4;
const CID_MAX_BYTES = 128;

/** How the output of a job is checked; the position is the number on chain. */
export const JOB_CLASSES = ["EXACT", "TENSOR", "GENERATION", "TRAINING"] as const;
export type JobClass = (typeof JOB_CLASSES)[number];

const SPEC_TYPE =
  "JobSpec(bytes32 modelId,bytes inputCid,uint8 jobClass,uint32 batch,bytes32 seed," +
  "uint96 declaredGain,uint32 maxRuntime,uint32 window,bytes32 clientKey,uint8 auditSlots)";
const SPEC_TYPEHASH = keccak256(utf8(SPEC_TYPE));

/** One job's description. */
export interface JobSpec {
  /** keccak256 of the model manifest's bytes, 32 bytes. */
  readonly modelId: Hex;
  /** Binary CID of the input tensors (a safetensors file), 4 to 128 bytes. */
  readonly inputCid: Hex;
  readonly jobClass: JobClass;
  /** Inputs computed in one run, at least 1. */
  readonly batch: number;
  /** Randomness of the job, 32 bytes (GENERATION). */
  readonly seed: Hex;
  /** What a provider could gain outside by cheating, as the client sees it; wei. */
  readonly declaredGainWei: bigint;
  /** Seconds one execution may take, 1 to 14,400. */
  readonly maxRuntimeS: number;
  /** Seconds of the challenge window, 600 to 86,400. */
  readonly windowS: number;
  /** X25519 public key of the client, 32 bytes; zeros for none. */
  readonly clientKey: Hex;
  /** Independent audits if one is drawn, 1 to 8. */
  readonly auditSlots: number;
}

/** A spec as the API and the command line write it. */
export interface SpecJson {
  readonly model_id: Hex;
  readonly input_cid: Hex;
  readonly job_class: JobClass;
  readonly batch: number;
  readonly seed: Hex;
  readonly declared_gain_wei: string;
  readonly max_runtime_s: number;
  readonly window_s: number;
  readonly client_key: Hex;
  readonly audit_slots: number;
}

/** A spec as the contracts take it; give it to `writeContract` as it is. */
export interface SpecAbi {
  readonly modelId: Hex;
  readonly inputCid: Hex;
  readonly jobClass: number;
  readonly batch: number;
  readonly seed: Hex;
  readonly declaredGain: bigint;
  readonly maxRuntime: number;
  readonly window: number;
  readonly clientKey: Hex;
  readonly auditSlots: number;
}

/** What a spec holds where its JSON form leaves a field out; as in the Python client. */
export const SPEC_DEFAULTS: Omit<SpecJson, "model_id" | "input_cid"> = {
  job_class: "EXACT",
  batch: 1,
  seed: ZERO_32,
  declared_gain_wei: "0",
  max_runtime_s: 60,
  window_s: 1_800,
  client_key: ZERO_32,
  audit_slots: 1,
};

type Check = (value: unknown) => string | null;

function integer(low: number, high: number, what: string): Check {
  const range = `${low.toLocaleString("en")} to ${high.toLocaleString("en")}`;
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= low && value <= high
      ? null
      : `${what} must be a whole number from ${range}.`;
}

function word(what: string): Check {
  return (value) => (isHex(value, 32) ? null : `${what} must be 0x and 64 hexadecimal digits.`);
}

const CHECKS: Readonly<Record<keyof SpecJson, Check>> = {
  model_id: word("The model id"),
  input_cid: (value) =>
    isHex(value) && value.length >= 2 + 2 * CID_MIN_BYTES && value.length <= 2 + 2 * CID_MAX_BYTES
      ? null
      : "The input CID must be 0x and the hexadecimal digits of 4 to 128 bytes.",
  job_class: (value) =>
    JOB_CLASSES.includes(value as JobClass) ||
    (Number.isInteger(value) && JOB_CLASSES[value as number] !== undefined)
      ? null
      : `The job class must be one of ${JOB_CLASSES.join(", ")}.`,
  batch: integer(1, 2 ** 32 - 1, "The batch"),
  seed: word("The seed"),
  declared_gain_wei: (value) =>
    isWei(value) ? null : "The declared gain must be a whole number of wei below 2^96.",
  max_runtime_s: integer(1, MAX_RUNTIME_MAX_S, "The longest runtime, in seconds,"),
  window_s: integer(WINDOW_MIN_S, WINDOW_MAX_S, "The challenge window, in seconds,"),
  client_key: word("The client's key"),
  audit_slots: integer(1, AUDIT_SLOTS_MAX, "The number of audit slots"),
};

function isWei(value: unknown): boolean {
  if (typeof value === "string" && !/^[0-9]{1,40}$/.test(value)) return false;
  if (typeof value !== "string" && typeof value !== "number") return false;
  if (typeof value === "number" && !Number.isSafeInteger(value)) return false;
  const wei = BigInt(value);
  return wei >= 0n && wei <= UINT96_MAX;
}

/**
 * Return everything that is wrong with the JSON form of a spec, a sentence each; empty if nothing is.
 *
 * @param json of an untrusted source; fields with a default may be missing.
 */
export function specFaults(json: unknown): Fault[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return [{ field: "spec", message: "The job spec must be a JSON object." }];
  }
  const given = { ...SPEC_DEFAULTS, ...json } as Record<string, unknown>;
  const faults: Fault[] = [];
  for (const [field, check] of Object.entries(CHECKS)) {
    const message = check(given[field]);
    if (message) faults.push({ field, message });
  }
  for (const field of Object.keys(given)) {
    if (!Object.hasOwn(CHECKS, field)) {
      faults.push({ field, message: `A job spec has no field ${shown(field)}.` });
    }
  }
  return faults;
}

/**
 * Return the spec in a JSON value; an event's `spec` is one too.
 *
 * @throws JobError `spec` with all faults.
 */
export function specFromJson(json: unknown): JobSpec {
  const faults = specFaults(json);
  if (faults.length) {
    const hint = "Nothing was sent and no money moved. Mend the fields named and try again.";
    const said = faults.map((fault) => fault.message).join(" ");
    throw new JobError("spec", `The job spec is not valid. ${said}`, hint, faults);
  }
  const given = { ...SPEC_DEFAULTS, ...(json as object) } as Record<keyof SpecJson, unknown>;
  const jobClass = given.job_class as JobClass | number;
  return {
    modelId: lower(given.model_id),
    inputCid: lower(given.input_cid),
    jobClass: typeof jobClass === "number" ? JOB_CLASSES[jobClass]! : jobClass,
    batch: given.batch as number,
    seed: lower(given.seed),
    declaredGainWei: bigOf(given.declared_gain_wei),
    maxRuntimeS: given.max_runtime_s as number,
    windowS: given.window_s as number,
    clientKey: lower(given.client_key),
    auditSlots: given.audit_slots as number,
  };
}

/**
 * Return the spec in JSON text of an untrusted source.
 *
 * @throws JobError `spec` if it is longer than 16 KiB, not JSON, or not a valid spec.
 */
export function specFromText(text: string): JobSpec {
  const size = utf8(text).length;
  if (size > SPEC_MAX_BYTES) {
    throw new JobError(
      "spec",
      `The job spec is ${size.toLocaleString("en")} bytes long; 16,384 is the most.`,
      "Inputs travel by CID, not inside the spec.",
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new JobError("spec", "The job spec is not JSON.", "Nothing was sent. Check its syntax.");
  }
  return specFromJson(json);
}

/** Return the JSON form of a spec, as nodes and the command line take it. */
export function specToJson(spec: JobSpec): SpecJson {
  return {
    model_id: spec.modelId,
    input_cid: spec.inputCid,
    job_class: spec.jobClass,
    batch: spec.batch,
    seed: spec.seed,
    declared_gain_wei: spec.declaredGainWei.toString(),
    max_runtime_s: spec.maxRuntimeS,
    window_s: spec.windowS,
    client_key: spec.clientKey,
    audit_slots: spec.auditSlots,
  };
}

/** Return a spec as the contracts take it. */
export function specToAbi(spec: JobSpec): SpecAbi {
  return {
    modelId: spec.modelId,
    inputCid: spec.inputCid,
    jobClass: JOB_CLASSES.indexOf(spec.jobClass),
    batch: spec.batch,
    seed: spec.seed,
    declaredGain: spec.declaredGainWei,
    maxRuntime: spec.maxRuntimeS,
    window: spec.windowS,
    clientKey: spec.clientKey,
    auditSlots: spec.auditSlots,
  };
}

/** Return the EIP-712 struct hash of a spec, 32 bytes; twin of `JobMarket.specHashOf`. */
export function specHash(spec: JobSpec): Hex {
  const { inputCid, ...rest } = specToAbi(spec);
  const types = ["bytes32", "bytes32", "bytes32", "uint8", "uint32", "bytes32", "uint96"];
  types.push("uint32", "uint32", "bytes32", "uint8");
  const { modelId, ...after } = rest;
  return hashAbi(types, [SPEC_TYPEHASH, modelId, keccak256(inputCid), ...Object.values(after)]);
}

/**
 * Return the id that a job will have on chain, 32 bytes; twin of `JobMarket.jobIdOf`.
 *
 * It exists before anything is sent, so a repeated submission names the same job.
 *
 * @param salt 32 random bytes.
 */
export function jobIdOf(
  chainId: number | bigint,
  market: string,
  client: string,
  salt: Hex,
  hash: Hex,
): Hex {
  return hashAbi(
    ["string", "uint256", "address", "address", "bytes32", "bytes32"],
    ["NVY/job/1", BigInt(chainId), getAddress(market), getAddress(client), salt, hash],
  );
}

function lower(value: unknown): Hex {
  return (value as string).toLowerCase() as Hex;
}
