/** Price, time and checks of a job. */
import type { ReactElement } from "react";
import { Card, Field } from "../../components/basics";
import { type Draft, type Faults, PRESETS } from "../../hire/draft";

interface Props {
  draft: Draft;
  faults: Faults;
  hasAudits: boolean;
  onChange: (change: Partial<Draft>) => void;
}

export function TermsCard({ draft, faults, hasAudits, onChange }: Props): ReactElement {
  const text = (name: "maxPrice" | "maxRuntimeS" | "windowMin" | "auditSlots" | "declaredGain", label: string, hint: string): ReactElement => (
    <Field label={label} error={faults[name]} hint={hint}>
      {(field) => <input {...field} className="input" inputMode="decimal" value={draft[name]} onChange={(event) => onChange({ [name]: event.target.value })} autoComplete="off" />}
    </Field>
  );
  return (
    <Card title="3. Terms">
      <div className="flex flex-col gap-4">
        <Choice legend="Which offer is the best" name="preset" options={PRESETS} value={draft.preset} onChange={(preset) => onChange({ preset })} />
        <div className="grid gap-4 sm:grid-cols-2">
          {text("maxPrice", "Maximum price, NVY", "You never pay more than this for the computation.")}
          {text("maxRuntimeS", "Longest runtime, seconds", "Providers price this time; a run beyond it fails and is refunded.")}
        </div>
        <details>
          <summary className="font-medium">More terms</summary>
          <div className="mt-3 flex flex-col gap-4">
            <Choice
              legend="How to hire"
              name="hire"
              options={[
                ["offer", "Take an offer", "one provider at a known price, at once"],
                ["listing", "List it", "any provider may take it, up to the maximum price"],
              ]}
              value={draft.hire}
              onChange={(hire) => onChange({ hire })}
            />
            <div className="grid gap-4 sm:grid-cols-2">
              {text("windowMin", "Challenge window, minutes", "How long the result can be disputed before the provider is paid.")}
              {hasAudits && text("auditSlots", "Auditors, if one is drawn", "Independent repetitions; more cost more.")}
              {hasAudits && text("declaredGain", "Gain of a false result, NVY", "What somebody outside could win if the result were wrong. More gain, more audits.")}
            </div>
          </div>
        </details>
      </div>
    </Card>
  );
}

function Choice<T extends string>({ legend, name, options, value, onChange }: { legend: string; name: string; options: readonly (readonly [T, string, string])[]; value: T; onChange: (value: T) => void }): ReactElement {
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium">{legend}</legend>
      <div className="grid gap-2 sm:grid-cols-3">
        {options.map(([key, label, about]) => (
          <label key={key} className={`flex items-start gap-2 rounded-md border p-2.5 ${key === value ? "border-accent bg-accent-soft" : "border-line"}`}>
            <input type="radio" name={name} checked={key === value} onChange={() => onChange(key)} className="mt-1 size-4 accent-accent" />
            <span>
              <span className="block font-medium">{label}</span>
              <span className="block text-[0.9rem] text-ink-2">{about}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
