/** The result: fetched by its CID, decrypted, and held against the root on chain, all in this browser. */
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { Button, Card, Chip, Notice } from "../../components/basics";
import { Empty, Failed, Loading } from "../../components/states";
import { labelsOf } from "../../hire/file-types";
import { useSamples } from "../../hire/samples";
import { cidFromHex } from "../../job/cid";
import type { CheckedResult, Revealed } from "../../job/result";
import type { Tensor } from "../../job/tensor";
import type { Manifest } from "../../job/manifest";
import { ApiError } from "../../lib/api";
import { saveFile } from "../../lib/csv";
import { plain } from "../../lib/format";
import { useManifest } from "../../queries/models";
import type { EventRow, JobRow } from "../../queries/rows";
import { NOT_ANOTHERS } from "../../queries/client";

const MAX_BYTES = 256 << 20;

/** What was revealed, from the job's events. */
export function revealedFrom(events: readonly EventRow[], jobId: string): Revealed | undefined {
  const event = events.findLast(({ name }) => name === "JobRevealed") ?? events.findLast(({ name }) => name === "AuditContested");
  const body = event?.data as Record<string, `0x${string}`> | undefined;
  if (!body?.out_root || !body.envelope_cid || !body.result_key) return undefined;
  return { jobId: jobId as `0x${string}`, outRoot: body.out_root, envelopeCid: cidFromHex(body.envelope_cid), resultKey: body.result_key };
}

/** The checked result; asked for once it is revealed, kept for the visit. */
export function useResult(row: JobRow, events: readonly EventRow[], manifest: Manifest | undefined) {
  const revealed = revealedFrom(events, row.job_id);
  return useQuery({
    queryKey: ["node", "result", row.job_id, revealed?.outRoot],
    queryFn: ({ signal }) => fetchResult(revealed as Revealed, manifest as Manifest, signal),
    enabled: revealed !== undefined && manifest !== undefined,
    staleTime: Infinity,
    refetchInterval: (found) => (found.state.error instanceof ApiError ? 5_000 : false),
    retry: 2,
    ...NOT_ANOTHERS,
  });
}

async function fetchResult(revealed: Revealed, manifest: Manifest, signal: AbortSignal): Promise<CheckedResult> {
  const [{ fileOfCar, chunksOf }, { checkResult }] = await Promise.all([import("../../job/car"), import("../../job/result")]);
  const cid = revealed.envelopeCid;
  const response = await fetch(`/ipfs/${cid.text}?format=car&dag-scope=entity`, { signal, headers: { accept: "application/vnd.ipld.car" } }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw unreachable();
  });
  if (!response.ok || !response.body) throw unreachable();
  const envelope = await fileOfCar(chunksOf(response.body), cid, MAX_BYTES);
  return checkResult(envelope, revealed, manifest);
}

const unreachable = (): ApiError =>
  new ApiError("Nobody who was asked has the result's envelope now.", { code: "dapp.result", hint: "It is bound by the chain and cannot change; this page asks again. Do not confirm before it is here." });

export function Result({ row, events }: { row: JobRow; events: readonly EventRow[] }): ReactElement | null {
  const manifest = useManifest(row.model_id);
  const result = useResult(row, events, manifest.data);
  if (revealedFrom(events, row.job_id) === undefined) return null;
  return (
    <Card title="Result" aside={result.data && <Chip tone="good">equals what was committed to</Chip>} flush>
      {result.data && manifest.data ? (
        <Outputs result={result.data} row={row} />
      ) : manifest.error ? (
        <Failed error={manifest.error} what="model's description" retry={() => void manifest.refetch()} />
      ) : result.error ? (
        result.error instanceof ApiError ? (
          <Failed error={result.error} what="result" retry={() => void result.refetch()} />
        ) : (
          <Wrong error={result.error} />
        )
      ) : (
        <Loading what="the result" />
      )}
    </Card>
  );
}

function Wrong({ error }: { error: Error }): ReactElement {
  return (
    <div className="p-4">
      <Notice tone="bad" title="This result is not the one that was committed to">
        {plain(error.message, 400)} Do not confirm the job; in the challenge window it can be disputed. Your money is still in escrow.
      </Notice>
    </div>
  );
}

function Outputs({ result, row }: { result: CheckedResult; row: JobRow }): ReactElement {
  const samples = useSamples();
  const config = samples.data?.samples.find((sample) => sample.model_id === row.model_id)?.file_types;
  const download = async (): Promise<void> => {
    const { writeSafetensors } = await import("../../job/safetensors");
    saveFile(`result-${row.job_id.slice(2, 14)}.safetensors`, writeSafetensors(result.outputs), "application/octet-stream");
  };
  return (
    <div>
      {[...result.outputs].map(([name, tensor]) => (
        <div key={name} className="border-b border-line p-4">
          {config && name === config.output ? <Labels tensor={tensor} labels={labelsOf(tensor, config)} /> : <TensorView name={name} tensor={tensor} />}
        </div>
      ))}
      <div className="flex flex-wrap items-center gap-2 px-4 py-3">
        <Button onClick={() => void download()}>Download (.safetensors)</Button>
        <span className="text-ink-2">Decrypted and checked in this browser.</span>
      </div>
    </div>
  );
}

function Labels({ labels }: { tensor: Tensor; labels: { label: string; score: number }[] }): ReactElement {
  const best = labels[0];
  if (!best) return <Empty>The output is empty.</Empty>;
  return (
    <div>
      <p className="text-ink-2">The file is</p>
      <p className="text-[1.6rem] font-semibold" data-testid="answer">
        {plain(best.label, 40)} <span className="text-base font-normal text-ink-2">{(best.score * 100).toFixed(1)} %</span>
      </p>
      <ul className="mt-2 flex flex-col gap-1">
        {labels.map(({ label, score }) => (
          <li key={label} className="grid grid-cols-[7rem_1fr_4.5rem] items-center gap-2">
            <span>{plain(label, 24)}</span>
            <span className="h-2 rounded bg-raised">
              <span className="block h-2 rounded bg-accent" style={{ width: `${Math.max(0.5, Math.min(1, score) * 100)}%` }} />
            </span>
            <span className="text-right whitespace-nowrap text-ink-2">{(score * 100).toFixed(2)} %</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const SHOWN = 24;

function TensorView({ name, tensor }: { name: string; tensor: Tensor }): ReactElement {
  const preview = useQuery({
    queryKey: ["node", "preview", tensor],
    queryKeyHashFn: () => `preview:${name}:${tensor.bytes.length}:${tensor.bytes.slice(0, 64).join()}`,
    queryFn: async () => {
      const { ITEM_BYTES, numbersOf } = await import("../../job/tensor");
      const elements = Math.min(SHOWN, tensor.bytes.length / ITEM_BYTES[tensor.dtype]);
      return [...numbersOf({ ...tensor, shape: [elements], bytes: tensor.bytes.slice(0, elements * ITEM_BYTES[tensor.dtype]) })];
    },
    staleTime: Infinity,
    refetchInterval: false,
  });
  const total = tensor.shape.reduce((product, size) => product * size, 1);
  return (
    <div>
      <p>
        <strong>{plain(name, 60)}</strong>{" "}
        <span className="text-ink-2">
          {tensor.dtype} [{tensor.shape.join(", ")}]
        </span>
      </p>
      <code className="mt-1 block text-[0.9rem]">
        {preview.data?.map((value) => (Number.isInteger(value) ? value : Number(value.toPrecision(6)))).join(", ")}
        {total > SHOWN && ` … and ${(total - SHOWN).toLocaleString("en-US")} more`}
      </code>
    </div>
  );
}
