/** Asks for an amount before a plan is shown; what was typed survives a rejection in the wallet. */
import { type ReactElement, type ReactNode, useState } from "react";
import { Amount, Button, Field } from "../components/basics";
import { Dialog } from "../components/dialog";
import { exactNvy, parseNvy } from "../job/money";
import { amountFault } from "./stakes";

/** Texts as typed, by what they are for; in memory alone. */
const typed = new Map<string, string>();

export interface AmountAsked {
  title: string;
  about: ReactNode;
  /** Most that can be given; undefined where it is not known yet. */
  mostWei: bigint | undefined;
  /** What the most is, in a sentence: "the 12 NVY in your wallet". */
  most: string;
  /** What follows from an amount, shown as it is typed. */
  effect?: (wei: bigint) => ReactNode;
  go: (wei: bigint) => void;
}

export function AmountDialog({ asked, onClose }: { asked: AmountAsked; onClose: () => void }): ReactElement {
  const [text, setText] = useState(() => typed.get(asked.title) ?? "");
  const found = parseNvy(text);
  const fault = found.ok ? amountFault(found.wei, asked.mostWei, asked.most) : found.message;
  const isReady = found.ok && fault === undefined && asked.mostWei !== undefined;
  const put = (value: string): void => {
    typed.set(asked.title, value);
    setText(value);
  };
  return (
    <Dialog open onClose={onClose} title={asked.title} description={asked.about}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (!found.ok || !isReady) return;
          onClose();
          asked.go(found.wei);
        }}
      >
        <Field label="How much, NVY" error={text !== "" ? fault : undefined} hint={asked.mostWei === undefined ? "Being read from the chain…" : <>At most <Amount wei={asked.mostWei} />: {asked.most}.</>}>
          {(field) => (
            <span className="flex gap-2">
              <input {...field} className="input" inputMode="decimal" autoComplete="off" value={text} onChange={(event) => put(event.target.value)} />
              <Button className="flex-none whitespace-nowrap" disabled={asked.mostWei === undefined || asked.mostWei === 0n} onClick={() => asked.mostWei !== undefined && put(exactNvy(asked.mostWei))}>
                All
              </Button>
            </span>
          )}
        </Field>
        {found.ok && isReady && asked.effect?.(found.wei)}
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="primary" type="submit" disabled={!isReady}>
            Go on
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
