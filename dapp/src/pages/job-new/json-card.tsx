/** The job's spec as JSON, in step with the form: either side can be edited. */
import { type ReactElement, useEffect, useState } from "react";
import { Card, Field } from "../../components/basics";
import type { Draft } from "../../hire/draft";
import { type JobSpec, specToJson } from "../../job/spec";
import { exactNvy } from "../../job/money";
import { typedSpec } from "../../job/typed";

export function JsonCard({ draft, spec, onChange }: { draft: Draft; spec: JobSpec | undefined; onChange: (change: Partial<Draft>) => void }): ReactElement {
  const current = spec ? JSON.stringify(specToJson(spec), null, 2) : "";
  const [text, setText] = useState(current);
  const [fault, setFault] = useState<string>();
  const [editing, setEditing] = useState(false);
  useEffect(() => {
    if (!editing) setText(current);
  }, [current, editing]);
  const edit = (next: string): void => {
    setText(next);
    const found = typedSpec(next, spec);
    if (typeof found === "string") return setFault(found);
    setFault(undefined);
    onChange(changeOf(found, draft));
  };
  return (
    <Card title="As JSON">
      <Field label="Job spec" error={fault} hint="The form follows what is typed here as soon as it is valid; docs/spec/job.md says what each field means.">
        {(field) => (
          <textarea {...field} className="input min-h-56 font-mono text-[0.86rem]" spellCheck={false} value={text} placeholder="Complete model and input first." onFocus={() => setEditing(true)} onBlur={() => (setEditing(false), setFault(undefined))} onChange={(event) => edit(event.target.value)} />
        )}
      </Field>
    </Card>
  );
}

const changeOf = (typed: JobSpec, draft: Draft): Partial<Draft> => ({
  modelId: typed.modelId,
  maxRuntimeS: String(typed.maxRuntimeS),
  windowMin: String(typed.windowS / 60),
  auditSlots: String(typed.auditSlots),
  declaredGain: exactNvy(typed.declaredGainWei),
  inputFile: draft.inputFile?.cidHex === typed.inputCid ? draft.inputFile : { cidHex: typed.inputCid, cid: typed.inputCid, name: "by its CID", sizeBytes: 0, batch: typed.batch },
});
