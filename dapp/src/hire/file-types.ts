/**
 * What goes into the file-type model and what its scores mean.
 *
 * Twin of `neurovoyance.client.filetypes`: the row is the head of the file after its leading white
 * space, then its tail before the trailing white space, each from one block, filled up with the
 * padding token. int32, shape (1, beg_size + end_size).
 */
import type { Bytes } from "../job/bytes";
import { type Tensor, numbersOf, tensorOf } from "../job/tensor";
import type { FileTypes } from "./samples";

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** The model's input row of a file; undefined where it is too short for the model. */
export async function rowOf(file: Blob, config: FileTypes): Promise<Tensor | undefined> {
  const { block_size, beg_size, end_size, min_size, padding } = config;
  const [head, tail] = await Promise.all([read(file, 0, Math.min(block_size, file.size)), read(file, Math.max(0, file.size - block_size), file.size)]);
  const stripped = head.subarray(leading(head));
  if (stripped.length < min_size) return undefined;
  const row = new Int32Array(beg_size + end_size).fill(padding);
  row.set(stripped.subarray(0, beg_size));
  const end = tail.subarray(0, tail.length - trailing(tail));
  const last = end.subarray(Math.max(0, end.length - end_size));
  row.set(last, row.length - last.length);
  return tensorOf("int32", [1, row.length], row);
}

const read = async (file: Blob, from: number, to: number): Promise<Bytes> => new Uint8Array(await file.slice(from, to).arrayBuffer());

function leading(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && isSpace(bytes[at] ?? 0)) at += 1;
  return at;
}

function trailing(bytes: Uint8Array): number {
  let count = 0;
  while (count < bytes.length && isSpace(bytes[bytes.length - 1 - count] ?? 0)) count += 1;
  return count;
}

/** The labels with the highest scores, best first. */
export function labelsOf(scores: Tensor, config: FileTypes, most = 5): { label: string; score: number }[] {
  const values = numbersOf(scores);
  return [...values]
    .slice(0, config.labels.length)
    .map((score, index) => ({ label: config.labels[index] ?? `#${index}`, score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, most);
}
