/**
 * Publishing a model of one ONNX file: its manifest, whose hash is the model id.
 *
 * Place: a page that publishes. Twin of `neurovoyance.client.models.publish_model`, as far as no
 * storage is needed: the page uploads the file and the manifest itself. Never: loading the model.
 */

import type { Bytes, Hex } from "./bytes.ts";
import { cidOfModelId, type Cid } from "./cid.ts";
import { JobError } from "./errors.ts";
import { encodeManifest, newManifest, type ManifestJson } from "./manifest.ts";
import { readOnnxHeader } from "./onnx.ts";
import { cidOfFile, type HashOptions } from "./unixfs.ts";

/** A model that jobs can name once file and manifest are stored. */
export interface DraftModel {
  readonly modelId: Hex;
  readonly manifest: ManifestJson;
  /** The manifest's bytes, a raw block under `manifestCid`. */
  readonly raw: Bytes;
  readonly manifestCid: Cid;
  /** Of the model's file, under the default profile. */
  readonly modelCid: Cid;
}

/**
 * Return the draft of a model without a certificate; the same file gives the same id as the client's.
 *
 * @param name for people, at most 128 letters; the file's name without `.onnx` when empty.
 * @throws JobError `spec.model`: unreadable, or of a kind that a job cannot carry.
 */
export async function draftModel(
  file: File,
  name = "",
  jobClass: "EXACT" | "TENSOR" = "EXACT",
  options: Omit<HashOptions, "profile"> = {},
): Promise<DraftModel> {
  const header = await readOnnxHeader(file);
  if (header.externalFiles.length) {
    throw new JobError(
      "spec.model",
      "The model keeps weights in other files; a page publishes models of one file alone.",
      "Use `neurovoyance model add DIRECTORY`; nothing was published.",
    );
  }
  const { cid, fileSize } = await cidOfFile(file, options);
  const manifest = newManifest({
    name: [...(name || file.name.replace(/\.[^.]+$/, ""))].slice(0, 128).join(""),
    model_cid: cid.text,
    size_bytes: String(fileSize),
    job_class: jobClass,
    opset: String(header.opset),
    inputs: header.inputs,
    tensors: header.outputs,
  });
  const { raw, modelId } = encodeManifest(manifest);
  return { modelId, manifest, raw, manifestCid: cidOfModelId(modelId), modelCid: cid };
}
