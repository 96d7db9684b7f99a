/** One parameter of a new proposal: its new value with its unit, judged at once. */
import type { ReactElement } from "react";
import { Button, Field } from "../../components/basics";
import { Icon } from "../../components/icons";
import { reachOf, type Reading } from "../../gov/rules";
import { formatValue } from "../../gov/values";
import { type Change, type Judged, reachWords } from "./draft";

interface Props {
  change: Change;
  reading: Reading;
  judged: Judged;
  onChange: (text: string) => void;
  onRemove: () => void;
}

export const Remove = ({ what, onRemove }: { what: string; onRemove: () => void }): ReactElement => (
  <button type="button" className="inline-flex size-8 flex-none items-center justify-center rounded text-ink-3 hover:bg-raised hover:text-ink" aria-label={`Leave ${what} out`} onClick={onRemove}>
    <Icon name="cross" />
  </button>
);

export function ChangeRow({ change, reading, judged, onChange, onRemove }: Props): ReactElement {
  const { parameter, next } = reading;
  const [low, high] = reachOf(parameter, next);
  const say = (value: bigint): string => formatValue(value, parameter.unit);
  // An untouched field says what may be typed; only what was typed is refused.
  const isUntouched = change.text.trim() === "" || change.text === say(next);
  const fault = isUntouched ? undefined : judged.fault;
  return (
    <li className="border-b border-line px-4 py-3 last:border-0">
      <div className="flex items-start justify-between gap-2">
        <p className="min-w-0 text-ink-2">{parameter.meaning.charAt(0).toUpperCase() + parameter.meaning.slice(1)}.</p>
        <Remove what={parameter.key} onRemove={onRemove} />
      </div>
      <div className="mt-2 grid items-start gap-2 sm:grid-cols-[minmax(0,1fr)_auto]">
        <Field label={parameter.key} hint={reachWords(reading)} error={fault?.message}>
          {(field) => <input {...field} className="input" value={change.text} autoComplete="off" spellCheck={false} onChange={(event) => onChange(event.target.value)} />}
        </Field>
        <div className="flex flex-wrap gap-2 sm:pt-6.5">
          {[low, high].filter((value) => value !== next).map((value) => (
            <Button key={value.toString()} onClick={() => onChange(say(value))}>
              {say(value)}
            </Button>
          ))}
        </div>
      </div>
      {fault && <p className="mt-1 text-[0.93rem] text-ink-2">{fault.hint}</p>}
    </li>
  );
}
