/** The input of a job: texts in JSON, a tensor file, or, for the file-type sample, any file. */
import { type ReactElement, useEffect, useRef, useState } from "react";
import { Button, Card, Chip, Field, Hash } from "../../components/basics";
import { explain } from "../../components/states";
import type { Draft } from "../../hire/draft";
import { rowOf } from "../../hire/file-types";
import { tensorsOfFile, uploadTensors } from "../../hire/input";
import type { Sample } from "../../hire/samples";
import { JobError } from "../../job/errors";
import type { Manifest } from "../../job/manifest";
import { useNetwork } from "../../lib/context";
import { bytes as size, plain } from "../../lib/format";

interface Props {
  draft: Draft;
  manifest: Manifest | undefined;
  sample: Sample | undefined;
  faults: Record<string, string>;
  onChange: (change: Partial<Draft>) => void;
  onSource: (source: string) => void;
  /** Take the sample file at once, for a first try. */
  isFirstTry: boolean;
}

const SAMPLE_TEXT = `# A few lines of Python, so that there is something to recognise.
from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One measurement of a sensor."""

    celsius: float

    def is_freezing(self) -> bool:
        return self.celsius <= 0.0
`;

export function InputCard(props: Props): ReactElement {
  const { draft, manifest, sample } = props;
  const file = draft.inputFile;
  return (
    <Card title="2. Input">
      {file ? (
        <div className="flex flex-wrap items-center justify-between gap-2">
          <span>
            <Chip tone="good">uploaded</Chip> <strong>{plain(file.name, 80)}</strong>, {size(file.sizeBytes)}, <Hash value={file.cid} what="CID" />
          </span>
          <Button onClick={() => props.onChange({ inputFile: undefined })}>Choose another input</Button>
        </div>
      ) : manifest === undefined ? (
        <p className="text-ink-2">Choose a model first; it says what goes in.</p>
      ) : (
        <div className="flex flex-col gap-3">
          {sample?.file_types ? <AnyFile {...props} manifest={manifest} sample={sample} /> : <Texts {...props} manifest={manifest} />}
          <p className="rounded-md bg-raised p-2 text-[0.93rem] text-ink-2">
            <strong className="text-ink">Privacy.</strong> The provider that computes sees this input, and so do auditors and referees if they are drawn. It is stored as it is by this market's service under its CID. The result is encrypted until it is revealed on the
            chain, and public then. For inputs that only the hired provider may read use <code>neurovoyance job submit --private</code>.
          </p>
        </div>
      )}
    </Card>
  );
}

function useUpload({ onChange, onSource }: Props): { busy: boolean; error: string | undefined; run: (name: string, make: () => Promise<{ cidHex: string; cid: string; sizeBytes: number; batch: number; source: string }>) => Promise<void> } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const run = async (name: string, make: () => Promise<{ cidHex: string; cid: string; sizeBytes: number; batch: number; source: string }>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const { source, ...ready } = await make();
      onSource(source);
      onChange({ inputFile: { ...ready, name } });
    } catch (failure) {
      setError(failure instanceof JobError ? failure.message : `${explain(failure).message} ${explain(failure).hint}`);
    }
    setBusy(false);
  };
  return { busy, error, run };
}

function AnyFile(props: Props & { manifest: Manifest; sample: Sample }): ReactElement {
  const { manifest, sample } = props;
  const { busy, error, run } = useUpload(props);
  const take = (file: File): Promise<void> =>
    run(file.name, async () => {
      const config = sample.file_types;
      const row = config && (await rowOf(file, config));
      if (!config || !row) throw new JobError("spec.input", `${file.name} is too short: the model needs at least ${config?.min_size ?? 8} bytes.`);
      return uploadTensors(manifest, new Map([[config.input, row]]));
    });
  const takeSample = (): Promise<void> => take(new File([SAMPLE_TEXT], "reading.py", { type: "text/plain" }));
  const tried = useRef(false);
  useEffect(() => {
    if (!props.isFirstTry || tried.current) return;
    tried.current = true;
    void takeSample();
  });
  return (
    <>
      <Field label="Any file" error={error} hint="Only the 2,048 bytes that the model looks at leave your browser.">
        {(field) => <input {...field} type="file" disabled={busy} className="input py-1.5" onChange={(event) => event.target.files?.[0] && void take(event.target.files[0])} />}
      </Field>
      <div>
        <Button busy={busy} onClick={() => void takeSample()}>
          Use a sample file
        </Button>
      </div>
    </>
  );
}

function Texts(props: Props & { manifest: Manifest }): ReactElement {
  const { draft, manifest, faults, onChange } = props;
  const { limits } = useNetwork();
  const { busy, error, run } = useUpload(props);
  const [refused, setRefused] = useState<string>();
  const take = (file: File): void => {
    setRefused(undefined);
    if (!/\.(npy|safetensors)$/i.test(file.name)) return setRefused(`${file.name} is neither a .npy nor a .safetensors file.`);
    if (file.size > limits.upload_max_bytes) return setRefused(`${file.name} is ${size(file.size)}; this service takes ${size(limits.upload_max_bytes)}.`);
    void run(file.name, async () => uploadTensors(manifest, await tensorsOfFile(manifest, file)));
  };
  return (
    <>
      {manifest.inputs.map((input) => {
        const text = draft.inputs[input.name] ?? "";
        return (
          <Field key={input.name} label={`${plain(input.name, 60)} (${input.dtype}, [${input.shape.map((dim) => plain(dim, 20)).join(", ")}])`} error={text === "" ? undefined : faults[input.name]}>
            {(field) => (
              <textarea
                {...field}
                className="input min-h-24 font-mono"
                value={text}
                spellCheck={false}
                placeholder={example(input.shape)}
                onChange={(event) => onChange({ inputs: { ...draft.inputs, [input.name]: event.target.value } })}
              />
            )}
          </Field>
        );
      })}
      <Field label="Or a tensor file" error={refused ?? error} hint=".npy for a model with one input, .safetensors for any.">
        {(field) => <input {...field} type="file" accept=".npy,.safetensors" disabled={busy} className="input py-1.5" onChange={(event) => event.target.files?.[0] && take(event.target.files[0])} />}
      </Field>
    </>
  );
}

/** A small example of a shape's nested lists, with one element where the size is open. */
function example(shape: readonly string[]): string {
  const sizes = shape.map((dim) => (/^[0-9]+$/.test(dim) ? Math.min(Number(dim), 3) : 1));
  return sizes.reduceRight((inner, count) => `[${Array.from({ length: count }, () => inner).join(", ")}]`, "0");
}
