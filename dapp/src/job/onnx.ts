/**
 * Reads what an ONNX file says about itself: inputs, outputs, opset; without an ONNX engine.
 *
 * Place: for the manifest of a model that is published from a page. Twin of
 * `neurovoyance.client.onnx_header`. A strict reader of the few protobuf fields that matter; weights
 * are skipped unread, so a file of gigabytes costs a few reads. Never: loading or checking operators;
 * a provider's runtime does that in a confined process.
 * Field numbers: `onnx.proto` of the ONNX specification, IR versions 3 to 13.
 */

import { breathe, textOf, type Bytes } from "./bytes.ts";
import { JobError, shown } from "./errors.ts";
import type { TensorSpec } from "./manifest.ts";
import type { DType } from "./tensor.ts";

const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5];
const MAX_NAMES = 100_000;
const MAX_TENSORS = 256;
const MAX_DIMS = 16;
const WINDOW_BYTES = 1 << 16;

const DTYPE_OF: Readonly<Record<number, DType>> = {
  1: "float32",
  2: "uint8",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  16: "bfloat16",
};

/** What a file declares. */
export interface OnnxHeader {
  readonly irVersion: number;
  /** Version of the default operator set. */
  readonly opset: number;
  /** Graph inputs that are not weights, in order. */
  readonly inputs: readonly TensorSpec[];
  /** Graph outputs, in order. */
  readonly outputs: readonly TensorSpec[];
  /** Relative paths of files that hold weights; a page publishes models of one file alone. */
  readonly externalFiles: readonly string[];
}

/** Where a field's content lies, bytes. */
type Span = readonly [number, number];
type Field = readonly [number, number, number | bigint | Span];

/**
 * Return the header of an ONNX file.
 *
 * @throws JobError `spec.model`: no ONNX model, damaged, or of dtypes that no manifest can state.
 */
export async function readOnnxHeader(file: Blob): Promise<OnnxHeader> {
  if (file.size === 0) throw refused("is empty");
  const source = new Source(file);
  const opsets = new Set<number>();
  let irVersion = 0;
  let graph: Span | null = null;
  for await (const [number, , value] of fieldsOf(source, [0, file.size])) {
    if (number === 1) irVersion = integer(value);
    else if (number === 7) {
      if (graph) throw refused("holds two graphs");
      graph = span(value);
    } else if (number === 8) {
      const [domain, version] = await opset(source, span(value));
      if (domain === "" || domain === "ai.onnx") opsets.add(version);
    }
  }
  if (!graph) throw refused("holds no graph");
  if (!irVersion) throw refused("does not state its format version");
  if (opsets.size !== 1) throw refused("does not state exactly one version of the default operator set");
  return { irVersion, opset: [...opsets][0]!, ...(await readGraph(source, graph)) };
}

async function readGraph(
  source: Source,
  where: Span,
): Promise<Pick<OnnxHeader, "inputs" | "outputs" | "externalFiles">> {
  const weights = new Set<string>();
  const external = new Set<string>();
  const inputs: [string, TensorSpec | null][] = [];
  const outputs: TensorSpec[] = [];
  for await (const [number, , value] of fieldsOf(source, where)) {
    if (number === 5) {
      const [name, location] = await weight(source, span(value));
      weights.add(name);
      if (location) external.add(location);
      if (weights.size > MAX_NAMES) throw refused("holds more than 100,000 weights");
    } else if (number === 11) {
      inputs.push(await valueInfo(source, span(value)));
      if (inputs.length > MAX_NAMES) throw refused("declares more than 100,000 inputs");
    } else if (number === 12) {
      outputs.push(stated(await valueInfo(source, span(value))));
      if (outputs.length > MAX_TENSORS) throw refused("declares more than 256 outputs");
    }
  }
  // Files of IR version 3 list the weights among the inputs.
  const wanted = inputs.filter(([name]) => !weights.has(name)).map(stated);
  if (!wanted.length || !outputs.length) throw refused("declares no input or no output");
  if (wanted.length > MAX_TENSORS) throw refused("declares more than 256 inputs");
  return { inputs: wanted, outputs, externalFiles: [...external] };
}

function stated([name, tensor]: readonly [string, TensorSpec | null]): TensorSpec {
  if (tensor) return tensor;
  throw refused(
    `has an input or output ${shown(name)} of a kind that a job cannot carry`,
    "Supported are tensors of float32, float16, bfloat16, int32, int64, uint8, bool.",
  );
}

async function opset(source: Source, where: Span): Promise<[string, number]> {
  let [domain, version] = ["", 0];
  for await (const [number, , value] of fieldsOf(source, where)) {
    if (number === 1) domain = await text(source, span(value));
    else if (number === 2) version = integer(value);
  }
  return [domain, version];
}

async function weight(source: Source, where: Span): Promise<[string, string]> {
  let [name, location, isExternal] = ["", "", false];
  for await (const [number, , value] of fieldsOf(source, where)) {
    if (number === 8) name = await text(source, span(value));
    else if (number === 13) {
      const [key, entry] = await pair(source, span(value));
      if (key === "location") location = entry;
    } else if (number === 14) isExternal = integer(value) === 1;
  }
  return [name, isExternal ? location : ""];
}

async function pair(source: Source, where: Span): Promise<[string, string]> {
  let [key, entry] = ["", ""];
  for await (const [number, , value] of fieldsOf(source, where)) {
    if (number === 1) key = await text(source, span(value));
    else if (number === 2) entry = await text(source, span(value));
  }
  return [key, entry];
}

async function valueInfo(source: Source, where: Span): Promise<[string, TensorSpec | null]> {
  let name = "";
  let kind: Span | null = null;
  for await (const [number, , value] of fieldsOf(source, where)) {
    if (number === 1) name = await text(source, span(value));
    else if (number === 2) kind = span(value);
  }
  if (!name || name.length > 512) throw refused("has an input or output without a usable name");
  let tensor: Span | null = null;
  if (kind) {
    for await (const [number, , value] of fieldsOf(source, kind)) {
      if (number !== 1) continue;
      if (tensor) throw refused("states one type twice");
      tensor = span(value);
    }
  }
  return [name, tensor ? await tensorType(source, name, tensor) : null];
}

async function tensorType(source: Source, name: string, where: Span): Promise<TensorSpec | null> {
  let code = 0;
  let shape: Span | null = null;
  for await (const [number, , value] of fieldsOf(source, where)) {
    if (number === 1) code = integer(value);
    else if (number === 2) shape = span(value);
  }
  const dtype = DTYPE_OF[code];
  if (!dtype || !shape) return null;
  const dims: string[] = [];
  let at = 0;
  for await (const [number, , value] of fieldsOf(source, shape)) {
    if (number === 1) dims.push(await dimension(source, span(value), at));
    at += 1;
  }
  return dims.length > MAX_DIMS ? null : { name, dtype, shape: dims };
}

async function dimension(source: Source, where: Span, at: number): Promise<string> {
  let found = "";
  for await (const [number, wire, value] of fieldsOf(source, where)) {
    if (number === 1) {
      if (wire !== VARINT) throw damaged();
      if (BigInt(value as number | bigint) >= 2n ** 63n) throw refused("states a negative dimension");
      found = String(value);
    } else if (number === 2) found = [...(await text(source, span(value)))].slice(0, 128).join("");
  }
  return found || `dim_${at}`;
}

/** Yield field number, wire type and value; a length-delimited value is its span. */
async function* fieldsOf(source: Source, where: Span): AsyncGenerator<Field> {
  let [at, end] = where;
  while (at < end) {
    const [key, afterKey] = await source.varint(at, end);
    const [number, wire] = [Number(BigInt(key) >> 3n), Number(BigInt(key) & 7n)];
    at = afterKey;
    if (number === 0) throw damaged();
    let size = wire === FIXED32 ? 4 : 8;
    if (wire === VARINT || wire === LENGTH) {
      const [value, afterValue] = await source.varint(at, end);
      at = afterValue;
      if (wire === VARINT) {
        yield [number, wire, value];
        continue;
      }
      size = Number(value);
    } else if (wire !== FIXED32 && wire !== FIXED64) throw damaged();
    if (size > end - at) throw refused("ends in the middle of a field");
    yield [number, wire, [at, at + size]];
    at += size;
  }
}

/** A file read through one window, so that skipped weights are never loaded. */
class Source {
  readonly #file: Blob;
  #window: Bytes = new Uint8Array(0);
  #start = 0;

  constructor(file: Blob) {
    this.#file = file;
  }

  /** Return bytes; at most a window's worth. */
  async bytes(start: number, end: number): Promise<Bytes> {
    if (start < this.#start || end > this.#start + this.#window.length) {
      const piece = this.#file.slice(start, Math.max(end, start + WINDOW_BYTES));
      this.#window = new Uint8Array(await piece.arrayBuffer());
      this.#start = start;
      await breathe();
    }
    return this.#window.subarray(start - this.#start, end - this.#start);
  }

  /** Return the varint at an offset, exactly, and the offset after it. */
  async varint(at: number, end: number): Promise<[number | bigint, number]> {
    const bytes = await this.bytes(at, Math.min(end, at + 10));
    let value = 0n;
    for (let index = 0; index < bytes.length; index++) {
      value |= BigInt(bytes[index]! & 0x7f) << BigInt(7 * index);
      if (bytes[index]! < 0x80) {
        if (value >= 2n ** 64n) break;
        const isSafe = value <= BigInt(Number.MAX_SAFE_INTEGER);
        return [isSafe ? Number(value) : value, at + index + 1];
      }
    }
    throw damaged();
  }
}

function integer(value: Field[2]): number {
  if (typeof value === "object") throw damaged();
  return Number(value);
}

function span(value: Field[2]): Span {
  if (typeof value !== "object") throw damaged();
  return value;
}

async function text(source: Source, [start, end]: Span): Promise<string> {
  if (end - start > 4_096) throw refused("holds a name longer than 4,096 bytes");
  try {
    return textOf(await source.bytes(start, end));
  } catch {
    throw refused("holds a name that is not text");
  }
}

function damaged(): JobError {
  return refused("is not an ONNX model or is damaged");
}

function refused(problem: string, hint = ""): JobError {
  const otherwise = "Export the model again and check it with the onnx package's checker.";
  return new JobError("spec.model", `The model file ${problem}; nothing was published.`, hint || otherwise);
}
