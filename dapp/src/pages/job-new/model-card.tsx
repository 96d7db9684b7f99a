/** Choosing a model: one of the network's, a pasted id, or an ONNX file of one's own. */
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { Button, Card, Facts, Field, Hash, Notice } from "../../components/basics";
import { Loading, explain } from "../../components/states";
import { ApiError, ask } from "../../lib/api";
import { useNetwork } from "../../lib/context";
import { bytes as size, plain } from "../../lib/format";
import type { Manifest } from "../../job/manifest";
import type { Sample } from "../../hire/samples";

interface Props {
  modelId: string;
  fault: string | undefined;
  manifest: UseQueryResult<Manifest>;
  samples: readonly Sample[];
  onChange: (modelId: string) => void;
}

export function ModelCard({ modelId, fault, manifest, samples, onChange }: Props): ReactElement {
  return (
    <Card title="1. Model">
      <div className="flex flex-col gap-3">
        {samples.length > 0 && (
          <div className="flex flex-wrap gap-2">
            {samples.map((sample) => (
              <Button key={sample.model_id} aria-pressed={sample.model_id === modelId} className={sample.model_id === modelId ? "border-accent bg-accent-soft" : ""} onClick={() => onChange(sample.model_id)}>
                {plain(sample.title, 60)}
              </Button>
            ))}
          </div>
        )}
        <Field label="Model id" error={modelId === "" ? undefined : fault} hint="From the list of models, from somebody who published it, or of your own file below.">
          {(props) => <input {...props} className="input font-mono" value={modelId} onChange={(event) => onChange(event.target.value.trim())} placeholder="0x…" spellCheck={false} autoComplete="off" />}
        </Field>
        <UploadModel onChange={onChange} />
        {manifest.data && <ManifestFacts manifest={manifest.data} />}
        {manifest.isLoading && <Loading what="model's description" />}
        {manifest.error && fault === undefined && (
          <Notice tone="warn" title="Inputs and outputs of this model are not known here" actions={<Button onClick={() => void manifest.refetch()}>Try again</Button>}>
            {explain(manifest.error).message} {explain(manifest.error).hint}
          </Notice>
        )}
      </div>
    </Card>
  );
}

function ManifestFacts({ manifest }: { manifest: Manifest }): ReactElement {
  const shapes = (tensors: Manifest["inputs"]): string => tensors.map(({ name, dtype, shape }) => `${plain(name, 40)}: ${dtype} [${shape.map((dim) => plain(dim, 20)).join(", ")}]`).join("; ");
  return (
    <Facts
      items={[
        ["Name", plain(manifest.name, 80) || "without a name"],
        ["Takes", <code key="in">{shapes(manifest.inputs)}</code>],
        ["Returns", <code key="out">{shapes(manifest.tensors)}</code>],
        ["Size", size(Number(manifest.size_bytes))],
        ["Checked as", manifest.certificate ? `${manifest.job_class}, with a measured tolerance` : `${manifest.job_class}, without a certificate: its jobs are not audited`],
        ["Id", <Hash key="id" value={manifest.modelId} to={`/models/${manifest.modelId}`} what="model id" />],
      ]}
    />
  );
}

function UploadModel({ onChange }: { onChange: (modelId: string) => void }): ReactElement | null {
  const { flags, limits } = useNetwork();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  if (!flags.storage) return null;
  const upload = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setError(undefined);
    if (file.size > limits.upload_max_bytes) {
      setError(`${file.name} is ${size(file.size)}; this service takes ${size(limits.upload_max_bytes)}. Publish it from your own machine with: neurovoyance model add FILE`);
      return;
    }
    if (file.size === 0) {
      setError(`${file.name} is empty.`);
      return;
    }
    setBusy(true);
    try {
      const name = file.name.replace(/[^\x20-\x7e]/g, "_").slice(0, 128) || "model";
      const said = await ask<{ model_id: string }>(`/api/storage/model?${new URLSearchParams({ name })}`, { method: "POST", body: file, headers: { "content-type": "application/octet-stream" }, timeoutMs: 3_600_000 });
      onChange(said.model_id);
    } catch (failure) {
      const said = explain(failure);
      setError(failure instanceof ApiError ? `${said.message} ${said.hint}` : said.message);
    }
    setBusy(false);
  };
  return (
    <Field label="Or upload an ONNX file" error={error} hint={busy ? "Uploading; a large model takes a while." : "It goes to this market's service and from there to the nodes that compute. Whoever learns its id can fetch it: a model is public."}>
      {(props) => <input {...props} type="file" accept=".onnx" disabled={busy} className="input py-1.5" onChange={(event) => void upload(event.target.files?.[0])} />}
    </Field>
  );
}
