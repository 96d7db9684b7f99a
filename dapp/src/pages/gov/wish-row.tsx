/** One thing of a new proposal that is no parameter: a payment, a term of the guardian, a slash, a model. */
import type { ReactElement } from "react";
import { Field } from "../../components/basics";
import { FORMS, type Wish, readWish } from "../../gov/wishes";
import { Remove } from "./change-row";

export function WishRow({ wish, note, fault, onChange, onRemove }: { wish: Wish; note: string | undefined; fault: string | undefined; onChange: (wish: Wish) => void; onRemove: () => void }): ReactElement | null {
  const form = FORMS[wish.form];
  if (!form) return null;
  const found = readWish(wish);
  const faults = "faults" in found ? found.faults : [];
  return (
    <li className="border-b border-line px-4 py-3 last:border-0">
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <h3>{form.title}</h3>
          <p className="text-ink-2">{form.about} {note}</p>
        </div>
        <Remove what={form.title.toLowerCase()} onRemove={onRemove} />
      </div>
      <div className="mt-2 grid items-start gap-2 sm:grid-cols-2">
        {Object.entries(form.fields).map(([key, { label, hint, options }]) => {
          const text = wish.texts[key] ?? "";
          const put = (typed: string): void => onChange({ ...wish, texts: { ...wish.texts, [key]: typed } });
          // An untouched field says what may be typed; only what was typed is refused.
          return (
            <Field key={key} label={label} hint={hint} error={text.trim() !== "" && faults.includes(key) ? `That cannot be read. ${hint}` : undefined}>
              {(field) =>
                options ? (
                  <select {...field} className="input" value={text} onChange={(event) => put(event.target.value)}>
                    {options.map((option) => <option key={option}>{option}</option>)}
                  </select>
                ) : (
                  <input {...field} className="input" value={text} autoComplete="off" spellCheck={false} onChange={(event) => put(event.target.value)} />
                )
              }
            </Field>
          );
        })}
      </div>
      {fault && (
        <p role="alert" className="mt-1 text-[0.93rem] text-bad">
          {fault}
        </p>
      )}
    </li>
  );
}
