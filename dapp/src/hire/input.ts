/** Inputs: from text or a file to the one file that a job names by its CID, uploaded and named again here. */
import type { Draft } from "./draft";
import { ApiError, ask } from "../lib/api";
import { type Bytes, type Hex, hexOf } from "../job/bytes";
import { sentenceOf } from "../job/errors";
import type { Manifest, TensorSpec } from "../job/manifest";
import type { Tensor } from "../job/tensor";

/** Answer of `POST /api/storage`. */
export interface Uploaded {
  cid: string;
  cid_hex: Hex;
  size_bytes: number;
  source: string;
  expires_at_s: number;
}

export interface ReadyInput {
  cidHex: Hex;
  cid: string;
  sizeBytes: number;
  batch: number;
}

type Nested = number | boolean | string | Nested[];

/** Shape and flat values of nested JSON lists; a sentence when they are ragged or hold no numbers. */
export function flatten(value: Nested): { shape: number[]; flat: (number | bigint)[] } | string {
  const shape: number[] = [];
  for (let level: Nested | undefined = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: (number | bigint)[] = [];
  const walk = (item: Nested, depth: number): string | undefined => {
    if (depth === shape.length) {
      if (typeof item === "boolean") flat.push(item ? 1 : 0);
      else if (typeof item === "number" && Number.isFinite(item)) flat.push(item);
      else if (typeof item === "string" && /^-?[0-9]{1,19}$/.test(item)) flat.push(BigInt(item));
      else return "Every element must be a finite number, true or false.";
      return undefined;
    }
    if (!Array.isArray(item) || item.length !== shape[depth]) return "The lists must all have the same length at the same depth.";
    for (const inner of item) {
      const fault = walk(inner, depth + 1);
      if (fault) return fault;
    }
    return undefined;
  };
  const fault = walk(value, 0);
  return fault ?? { shape, flat };
}

/** The tensor in a text; a sentence about the first fault. */
export async function tensorOfText(spec: TensorSpec, text: string): Promise<Tensor | string> {
  if (text.trim() === "") return "Type numbers as JSON lists, such as [[1, 2, 3]].";
  let json: Nested;
  try {
    json = JSON.parse(text) as Nested;
  } catch {
    return "This is not JSON. Lists in square brackets, numbers separated by commas.";
  }
  const found = flatten(json);
  if (typeof found === "string") return found;
  const { tensorOf } = await import("../job/tensor");
  try {
    return tensorOf(spec.dtype, found.shape, found.flat);
  } catch (error) {
    return sentenceOf(error);
  }
}

/** Faults by input name; none means that the texts fit the model. */
export async function checkTexts(manifest: Manifest, texts: Record<string, string>): Promise<{ faults: Record<string, string>; tensors: Map<string, Tensor> }> {
  const faults: Record<string, string> = {};
  const tensors = new Map<string, Tensor>();
  for (const spec of manifest.inputs) {
    const found = await tensorOfText(spec, texts[spec.name] ?? "");
    if (typeof found === "string") faults[spec.name] = found;
    else tensors.set(spec.name, found);
  }
  if (Object.keys(faults).length === 0) {
    const { inputFaults } = await import("../job/inputs");
    for (const fault of inputFaults(manifest, tensors)) faults[fault.field] ??= fault.message;
  }
  return { faults, tensors };
}

/** Read a .safetensors or .npy file as the model's inputs. */
export async function tensorsOfFile(manifest: Manifest, file: File): Promise<Map<string, Tensor>> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const first = manifest.inputs[0];
  if (/\.npy$/i.test(file.name) && first !== undefined) {
    const { readNpy } = await import("./npy");
    return new Map([[first.name, readNpy(bytes)]]);
  }
  const { readSafetensors } = await import("../job/safetensors");
  return readSafetensors(bytes);
}

/** Encode, upload, and compare the CID that the service gives with the one computed here. */
export async function uploadTensors(manifest: Manifest, tensors: Map<string, Tensor>): Promise<ReadyInput & { source: string }> {
  const { batchOf, encodeInputs } = await import("../job/inputs");
  const bytes = encodeInputs(manifest, tensors);
  const up = await uploadBytes(bytes);
  return { ...up, batch: batchOf(manifest, tensors) };
}

export async function uploadBytes(bytes: Bytes): Promise<{ cidHex: Hex; cid: string; sizeBytes: number; source: string }> {
  const { cidOfContent } = await import("../job/unixfs");
  const ours = (await cidOfContent(bytes)).cid;
  const said = await ask<Uploaded>("/api/storage", { method: "POST", body: bytes, headers: { "content-type": "application/octet-stream" }, timeoutMs: 600_000 });
  if (said.cid_hex.toLowerCase() !== hexOf(ours.bytes)) {
    throw new ApiError("The service keeps another file than the one that was sent: its CID differs.", { code: "dapp.upload", hint: "Nothing was signed. Try again; if it stays, use another service or the command line." });
  }
  return { cidHex: hexOf(ours.bytes), cid: ours.text, sizeBytes: bytes.length, source: said.source };
}

/** Text of a draft's inputs, empty where nothing was typed. */
export const textsOf = (draft: Draft, manifest: Manifest): Record<string, string> => Object.fromEntries(manifest.inputs.map(({ name }) => [name, draft.inputs[name] ?? ""]));
