/**
 * Input tensors of a job: checked against the model's manifest, then one safetensors file.
 *
 * Place: the first form of a job. Twin of `neurovoyance.client.inputs`; a mistake costs nothing
 * before the job is sent. Never: an array that the model would refuse.
 */

import { JobError, shown, type Fault } from "./errors.ts";
import type { Bytes } from "./bytes.ts";
import type { ManifestJson, TensorSpec } from "./manifest.ts";
import { writeSafetensors } from "./safetensors.ts";
import type { Tensor, Tensors } from "./tensor.ts";

const isFixed = (dim: string): boolean => /^[0-9]+$/.test(dim);

/** Return everything that keeps tensors from being a model's inputs; the field is the input's name. */
export function inputFaults(manifest: ManifestJson, tensors: Tensors): Fault[] {
  const names = new Set(manifest.inputs.map((input) => input.name));
  const faults: Fault[] = [...tensors.keys()]
    .filter((name) => !names.has(name))
    .map((name) => ({ field: name, message: `${shown(name)} is no input of the model.` }));
  const sizes = new Map<string, number>();
  for (const input of manifest.inputs) {
    const tensor = tensors.get(input.name);
    const problems = tensor ? shapeFaults(input, tensor, sizes) : ["is missing"];
    const about = `Input ${shown(input.name)}`;
    faults.push(...problems.map((text) => ({ field: input.name, message: `${about} ${text}.` })));
  }
  return faults;
}

function shapeFaults(input: TensorSpec, tensor: Tensor, sizes: Map<string, number>): string[] {
  const faults: string[] = [];
  if (tensor.dtype !== input.dtype) faults.push(`is ${tensor.dtype}, not ${input.dtype}`);
  if (tensor.shape.length !== input.shape.length) {
    faults.push(`has ${tensor.shape.length} dimensions, not ${input.shape.length}`);
    return faults;
  }
  for (const [at, declared] of input.shape.entries()) {
    const size = tensor.shape[at]!;
    if (!isFixed(declared) && !sizes.has(declared)) sizes.set(declared, size);
    const needed = isFixed(declared) ? Number(declared) : sizes.get(declared);
    if (size !== needed) {
      faults.push(`has shape [${tensor.shape.join(", ")}], not [${input.shape.join(", ")}]`);
      break;
    }
  }
  if (tensor.shape.includes(0)) faults.push("is empty");
  return faults;
}

/**
 * Return the file that a job names by its CID: the same tensors always give the same bytes.
 *
 * @throws JobError `spec.input` with every fault.
 */
export function encodeInputs(manifest: ManifestJson, tensors: Tensors): Bytes {
  const faults = inputFaults(manifest, tensors);
  if (faults.length) {
    const said = faults.map((fault) => fault.message).join(" ");
    const hint = "Nothing was sent and no money moved.";
    throw new JobError("spec.input", `The input does not fit the model. ${said}`, hint, faults);
  }
  return writeSafetensors(new Map(manifest.inputs.map(({ name }) => [name, tensors.get(name)!])));
}

/** Return how many inputs are computed in one run: the first input's first symbolic dimension. */
export function batchOf(manifest: ManifestJson, tensors: Tensors): number {
  const first = manifest.inputs[0]!;
  const shape = tensors.get(first.name)?.shape ?? [];
  const declared = first.shape[0];
  return shape.length && declared !== undefined && !isFixed(declared) ? Math.max(1, shape[0]!) : 1;
}
