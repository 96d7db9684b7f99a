/**
 * The output of a job: decrypted, decoded and compared with the chain.
 *
 * Place: after the reveal. Twin of `neurovoyance.client.results`. An output is shown as checked only
 * after its root was recomputed and equals the one that the provider committed to before the seed
 * was drawn. Never: trust a provider's bytes, or keep an output that does not match.
 */

import { bytesOf, type Bytes, type Hex } from "./bytes.ts";
import { decodeTensors, rootOf } from "./canonical.ts";
import { cidFromHex, type Cid } from "./cid.ts";
import { openContainer, type OpenOptions } from "./envelope.ts";
import { JobError, sentenceOf, shown } from "./errors.ts";
import { committedTensors, type Manifest } from "./manifest.ts";
import { evaluateTail } from "./tail.ts";
import type { Tensor } from "./tensor.ts";

/** What the provider published: the body of `JobRevealed` (or of `AuditContested`). */
export interface Revealed {
  readonly jobId: Hex;
  /** Root that the commitment bound, 32 bytes. */
  readonly outRoot: Hex;
  readonly envelopeCid: Cid;
  /** Key of the envelope, 32 bytes. */
  readonly resultKey: Hex;
}

/** A checked result. */
export interface CheckedResult {
  /** One tensor an output of the model, in the manifest's order. */
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** What was committed to; the same tensors unless the model has a certificate. */
  readonly committed: ReadonlyMap<string, Tensor>;
  /** The root that was recomputed; equal to the one on chain. */
  readonly outRoot: Hex;
}

/** Return what an event's body says was revealed. */
export function revealedOf(body: Readonly<Record<string, unknown>>): Revealed {
  return {
    jobId: body.job_id as Hex,
    outRoot: body.out_root as Hex,
    envelopeCid: cidFromHex(body.envelope_cid as Hex),
    resultKey: body.result_key as Hex,
  };
}

/**
 * Return the output in an envelope, checked against the root on chain.
 *
 * @param envelope whose CID was checked by whoever fetched it; see `fileOfCar`.
 * @throws JobError `result.mismatch`: do not confirm the job; `result` is not what was committed to.
 */
export async function checkResult(
  envelope: Bytes | Blob,
  revealed: Revealed,
  manifest: Manifest,
  options: OpenOptions = {},
): Promise<CheckedResult> {
  const tensors = await opened(envelope, revealed, options);
  const outRoot = tensors.length ? await rootOf(tensors) : null;
  if (outRoot !== revealed.outRoot.toLowerCase()) {
    throw mismatch(revealed, "is not the one that the provider committed to");
  }
  const committed = named(tensors, revealed, manifest);
  return { outputs: outputsOf(committed, revealed, manifest), committed, outRoot };
}

/**
 * Return the output in an envelope on the provider's word, before there is a root to check.
 *
 * @throws JobError `result.mismatch`: it does not open, or holds no outputs of the model.
 */
export async function uncheckedResult(
  envelope: Bytes | Blob,
  said: Revealed,
  manifest: Manifest,
): Promise<ReadonlyMap<string, Tensor>> {
  return outputsOf(named(await opened(envelope, said, {}), said, manifest), said, manifest);
}

async function opened(
  envelope: Bytes | Blob,
  revealed: Revealed,
  options: OpenOptions,
): Promise<Tensor[]> {
  let plain: Bytes;
  try {
    const [key, context] = [bytesOf(revealed.resultKey), bytesOf(revealed.jobId)];
    plain = await openContainer(envelope, key, context, options);
  } catch (error) {
    if (!(error instanceof JobError)) throw error; // the page was left, say
    throw mismatch(revealed, "cannot be opened with the key that was published");
  }
  try {
    return decodeTensors(plain);
  } catch {
    throw mismatch(revealed, "does not hold canonical tensors");
  }
}

function named(tensors: Tensor[], revealed: Revealed, manifest: Manifest): Map<string, Tensor> {
  const declared = committedTensors(manifest);
  if (tensors.length !== declared.length) {
    const problem = `holds ${tensors.length} tensors, not the model's ${declared.length}`;
    throw mismatch(revealed, problem);
  }
  return new Map(
    declared.map(({ name, dtype, shape }, at) => {
      const tensor = tensors[at]!;
      if (tensor.dtype !== dtype || tensor.shape.length !== shape.length) {
        const what = `a ${tensor.dtype} tensor of ${tensor.shape.length} dimensions`;
        throw mismatch(revealed, `holds ${what} for ${shown(name)}, which the model does not return`);
      }
      return [name, tensor];
    }),
  );
}

/** Return the graph outputs: themselves committed to, or computed here from what was. */
function outputsOf(
  committed: ReadonlyMap<string, Tensor>,
  revealed: Revealed,
  manifest: Manifest,
): ReadonlyMap<string, Tensor> {
  if (manifest.certificate === null) return committed;
  const names = manifest.tensors.map((tensor) => tensor.name);
  try {
    return evaluateTail(manifest.certificate.tail, committed, names, Number(manifest.opset));
  } catch (error) {
    const problem = `does not lead to the model's outputs (${sentenceOf(error)})`;
    throw mismatch(revealed, problem);
  }
}

function mismatch(revealed: Revealed, problem: string): JobError {
  return new JobError(
    "result.mismatch",
    `The output of job ${revealed.jobId.slice(0, 18)} ${problem}. ` +
      "Nothing was confirmed and nothing of it was kept.",
    "Do not confirm the job. Its escrow is held until the challenge window ends; keep the receipt.",
  );
}
