/**
 * The model manifest: what a model id stands for.
 *
 * Place: between a model id and the forms, inputs and outputs of a job. Twin of
 * `neurovoyance.protocol.manifest`. `modelId` is keccak256 of the canonical JSON (RFC 8785, numbers
 * as strings), and the same digest addresses the bytes as a raw block, so nobody has to be asked.
 * Never: a manifest whose bytes are not those of its id.
 */

import { keccak256 } from "viem/utils";
import { textOf, type Bytes, type Hex } from "./bytes.ts";
import { JobError } from "./errors.ts";
import { canonicalBytes } from "./jcs.ts";
import type { JobClass } from "./spec.ts";
import { decodeTerms, NO_TERMS, takes, tauSqOf, verifyRowsHash, type Terms } from "./terms.ts";
import { DTYPES, type DType } from "./tensor.ts";

export const MANIFEST_MAX_BYTES = 262_144;

/** One input or output; a fixed dimension is decimal digits, a symbolic one its name. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly string[];
}

/** One tensor that a commitment covers and an audit compares. */
export interface VerifyTensor extends TensorSpec {
  readonly exponent: readonly string[];
  readonly row: string;
}

/** One operator between the verify tensors and the graph outputs. */
export interface TailNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

/** A relative distance that one configuration or cheat showed, as `d.ddde-dd`. */
export interface Measurement {
  readonly name: string;
  readonly value: string;
}

/** How the outputs of a model are compared, and the measurements behind it. */
export interface Certificate {
  readonly verify: readonly VerifyTensor[];
  readonly tail: readonly TailNode[];
  readonly tau: string;
  readonly reference: string;
  readonly honest_max: readonly Measurement[];
  readonly cheat_min: readonly Measurement[];
  readonly inputs_cid: string;
  readonly inputs_count: string;
  readonly op_table: string;
}

/** The document as it is written; every member is present. */
export interface ManifestJson {
  readonly $terms: Hex;
  readonly version: "1";
  readonly format: "onnx";
  readonly name: string;
  readonly model_cid: string;
  readonly size_bytes: string;
  readonly renderings: readonly { format: "torch"; model_cid: string; size_bytes: string }[];
  readonly job_class: "EXACT" | "TENSOR";
  readonly opset: string;
  readonly inputs: readonly TensorSpec[];
  readonly tensors: readonly TensorSpec[];
  readonly certificate: Certificate | null;
}

/** A checked manifest. */
export interface Manifest extends ManifestJson {
  readonly modelId: Hex;
  readonly terms: Terms;
}

/**
 * Return the manifest in bytes of an untrusted source.
 *
 * @param modelId that the bytes have to hash to, 32 bytes.
 * @throws JobError `spec`: too long, not the bytes of the id, not canonical, or not valid.
 */
export function parseManifest(raw: Bytes, modelId: Hex): Manifest {
  if (raw.length > MANIFEST_MAX_BYTES) {
    const size = raw.length.toLocaleString("en");
    throw new JobError("spec", `The model manifest is ${size} bytes long; 262,144 is the most.`);
  }
  if (keccak256(raw) !== modelId.toLowerCase()) {
    throw new JobError("spec", "The model manifest is not the one that the model id names.");
  }
  let json: unknown;
  try {
    json = JSON.parse(textOf(raw));
  } catch {
    throw invalid("it is not JSON");
  }
  const manifest = checkManifest(json);
  const again = canonicalBytes(json);
  if (again.length !== raw.length || keccak256(again) !== keccak256(raw)) {
    throw new JobError("spec", "The model manifest is not in canonical form (RFC 8785).");
  }
  return { ...manifest, modelId: modelId.toLowerCase() as Hex, terms: decodeTerms(manifest.$terms) };
}

/** Return the canonical bytes of a manifest; store them as the block that the id names. */
export function encodeManifest(manifest: ManifestJson): { raw: Bytes; modelId: Hex } {
  const raw = canonicalBytes(checkManifest(manifest));
  if (raw.length > MANIFEST_MAX_BYTES) throw invalid("it is longer than 262,144 bytes");
  return { raw, modelId: keccak256(raw) };
}

/** Return the manifest of a model without a certificate; its jobs cannot be audited. */
export function newManifest(
  parts: Pick<ManifestJson, "model_cid" | "size_bytes" | "opset" | "inputs" | "tensors"> &
    Partial<Pick<ManifestJson, "name" | "job_class">>,
): ManifestJson {
  const fixed = { $terms: NO_TERMS, version: "1", format: "onnx", renderings: [] } as const;
  return { ...fixed, name: "", job_class: "EXACT", certificate: null, ...parts };
}

/** Return what a commitment covers, in order: the verify tensors, or else all outputs. */
export function committedTensors(manifest: ManifestJson): readonly TensorSpec[] {
  return manifest.certificate?.verify ?? manifest.tensors;
}

/** Return whether a model may be used in a job class. */
export function allows(manifest: Manifest, jobClass: JobClass): boolean {
  if (manifest.certificate === null) return manifest.job_class === jobClass;
  return takes(manifest.terms, jobClass);
}

// --- the form -----------------------------------------------------------------------------------

type Form = (value: unknown, where: string) => void;

const text =
  (low: number, high: number): Form =>
  (value, where) => {
    const isFine = typeof value === "string" && [...value].length >= low && [...value].length <= high;
    if (!isFine) throw invalid(`${where} is no text of ${low} to ${high} letters`);
  };
const pattern =
  (rule: RegExp): Form =>
  (value, where) => {
    if (typeof value !== "string" || !rule.test(value)) throw invalid(`${where} has a wrong form`);
  };
const one =
  (...allowed: readonly unknown[]): Form =>
  (value, where) => {
    if (!allowed.includes(value)) throw invalid(`${where} is none of ${allowed.join(", ")}`);
  };
const list =
  (item: Form, low: number, high: number): Form =>
  (value, where) => {
    if (!Array.isArray(value) || value.length < low || value.length > high) {
      throw invalid(`${where} is no list of ${low} to ${high} entries`);
    }
    value.forEach((entry, at) => item(entry, `${where}[${at}]`));
  };
const object =
  (members: Readonly<Record<string, Form>>): Form =>
  (value, where) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw invalid(`${where} is no object`);
    }
    const given = value as Record<string, unknown>;
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(members, name));
    if (unknown !== undefined) throw invalid(`${where} has an unknown member`);
    for (const [name, form] of Object.entries(members)) form(given[name], `${where}.${name}`);
  };
const either =
  (first: Form, second: Form): Form =>
  (value, where) =>
    (typeof value === "string" ? first : second)(value, where);

const DECIMAL = pattern(/^(0|[1-9][0-9]{0,18})$/);
const REAL = pattern(/^[0-9](\.[0-9]{1,17})?e-?[0-9]{1,3}$/);
const NAME = text(1, 512);
const VALUE = text(0, 64);
const TENSOR = { name: NAME, dtype: one(...DTYPES), shape: list(text(0, 128), 0, 16) };
const MEASUREMENTS = list(object({ name: NAME, value: REAL }), 0, 64);
const ATTRIBUTES: Form = (value, where) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`${where} is no object`);
  }
  for (const [name, entry] of Object.entries(value)) {
    NAME(name, where);
    either(VALUE, list(VALUE, 0, 4_096))(entry, `${where}.${name}`);
  }
};
const EXPONENT = pattern(/^(0|-?[1-9][0-9]?)$/);
const CERTIFICATE = object({
  verify: list(object({ ...TENSOR, exponent: list(EXPONENT, 1, 65_536), row: DECIMAL }), 1, 16),
  tail: list(
    object({
      op: NAME,
      inputs: list(text(0, 512), 0, 16),
      outputs: list(NAME, 1, 16),
      attributes: ATTRIBUTES,
    }),
    0,
    64,
  ),
  tau: REAL,
  reference: text(0, 256),
  honest_max: MEASUREMENTS,
  cheat_min: MEASUREMENTS,
  inputs_cid: text(0, 256),
  inputs_count: DECIMAL,
  op_table: text(0, 64),
});
const CID = text(8, 256);
const MANIFEST = object({
  $terms: pattern(/^0x[0-9a-f]{112}$/),
  version: one("1"),
  format: one("onnx"),
  name: text(0, 128),
  model_cid: CID,
  size_bytes: DECIMAL,
  renderings: list(object({ format: one("torch"), model_cid: CID, size_bytes: DECIMAL }), 0, 4),
  job_class: one("EXACT", "TENSOR"),
  opset: DECIMAL,
  inputs: list(object(TENSOR), 1, 256),
  tensors: list(object(TENSOR), 1, 256),
  certificate: (value, where) => (value === null ? undefined : CERTIFICATE(value, where)),
});

function checkManifest(json: unknown): ManifestJson {
  MANIFEST(json, "manifest");
  const manifest = json as ManifestJson;
  const { certificate } = manifest;
  if (certificate === null) {
    if (manifest.$terms !== NO_TERMS) throw invalid("it has terms without a certificate");
    return manifest;
  }
  const terms = decodeTerms(manifest.$terms);
  if (terms.verifyRowsHash !== verifyRowsHash(certificate.verify.map((tensor) => Number(tensor.row)))) {
    throw invalid("the terms name other verify tensors than the certificate");
  }
  if (terms.tauSq !== tauSqOf(certificate.tau)) {
    throw invalid("the terms name another tolerance than the certificate");
  }
  return manifest;
}

function invalid(problem: string): JobError {
  return new JobError("spec", `The model manifest is not valid: ${problem}.`);
}
