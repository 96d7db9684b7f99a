/** One box for jobs, addresses, transactions, models and pages. */
import { type FormEvent, type ReactElement, useState } from "react";
import { useNavigate } from "react-router";
import { isAddress } from "viem";
import { Field } from "../components/basics";
import { ask } from "../lib/api";

/** Where a text leads: an address at once; 32 bytes are asked for as a job, then as a model, else they are a transaction. */
export async function resolve(text: string): Promise<string | undefined> {
  const wanted = text.trim();
  if (isAddress(wanted, { strict: false })) return `/account/${wanted}`;
  if (/^[0-9]{1,78}$/.test(wanted)) return `/gov/${wanted}`;
  if (!/^0x[0-9a-fA-F]{64}$/.test(wanted)) return undefined;
  const found = async (path: string): Promise<boolean> => ask(path).then(() => true, () => false);
  if (await found(`/v1/jobs/${wanted}`)) return `/jobs/${wanted}`;
  if (await found(`/v1/prices/${wanted}`)) return `/models/${wanted}`;
  return `/tx/${wanted}`;
}

export function SearchBox(): ReactElement {
  const go = useNavigate();
  const [text, setText] = useState("");
  const [error, setError] = useState<string>();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void resolve(text).then((to) => (to ? void go(to) : setError("That is neither an address nor a 32-byte id. Both begin with 0x.")));
  };
  return (
    <form onSubmit={submit}>
      <Field label="Search" error={error} hint="A job, a transaction, an address, a model or a proposal.">
        {(props) => <input {...props} className="input" value={text} onChange={(event) => (setText(event.target.value), setError(undefined))} placeholder="0x…" spellCheck={false} autoComplete="off" />}
      </Field>
    </form>
  );
}
