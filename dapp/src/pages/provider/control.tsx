/** The owner's hand on a node of this machine. The token stays in this page's memory and is asked for again after a reload. */
import { type ReactElement, useState } from "react";
import { Button, Card, Chip, Facts, Field, Moment, Notice } from "../../components/basics";
import { explain } from "../../components/states";
import { useNetwork } from "../../lib/context";
import { count, plain } from "../../lib/format";
import { type Control, type NodeLine, type Wish, control } from "./nodes";

const SNOOZES: readonly (readonly [string, number])[] = [
  ["30 min", 1_800],
  ["2 h", 7_200],
  ["8 h", 28_800],
];

export function NodeControl({ node }: { node: NodeLine }): ReactElement | null {
  const { flags } = useNetwork();
  const [token, setToken] = useState("");
  const [view, setView] = useState<Control>();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  if (!flags.node_steering || !node.is_up) return null;
  const say = async (wish?: Wish): Promise<void> => {
    setBusy(true);
    setFault(undefined);
    try {
      setView(await control(node.node, token.trim(), wish));
    } catch (error) {
      const { message, hint, code } = explain(error);
      if (code === "request.market.control_token") setView(undefined);
      setFault(`${message} ${hint}`);
    }
    setBusy(false);
  };
  return (
    <Card title={`Control of ${node.name} on this machine`}>
      <div className="flex flex-col gap-3">
        {view ? <Steering view={view} busy={busy} say={(wish) => void say(wish)} /> : <TokenForm token={token} setToken={setToken} busy={busy} ask={() => void say()} />}
        {fault && <Notice tone="bad" title="The node did not do it">{fault}</Notice>}
      </div>
    </Card>
  );
}

function TokenForm({ token, setToken, busy, ask }: { token: string; setToken: (token: string) => void; busy: boolean; ask: () => void }): ReactElement {
  const { flags } = useNetwork();
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <Field
        label="Control token"
        hint={
          <>
            The text of <code className="break-all">{flags.devnet ? "~/.neurovoyance/local/node-1/data/control.token" : "control.token"}</code>
            {flags.devnet ? " (or of the folder that you gave)" : " in the node's data folder"}. It is kept in this page's memory alone.
          </>
        }
      >
        {(field) => <input {...field} className="input" type="password" autoComplete="off" value={token} onChange={(event) => setToken(event.target.value)} />}
      </Field>
      <div>
        <Button type="submit" disabled={token.trim() === ""} busy={busy}>
          Steer it
        </Button>
      </div>
    </form>
  );
}

function Steering({ view, busy, say }: { view: Control; busy: boolean; say: (wish: Wish) => void }): ReactElement {
  const resting = view.devices.filter((device) => !device.may_run);
  return (
    <>
      <Facts
        items={[
          ["Now", view.hold.is_held ? <Chip key="h" tone="warn">paused by you</Chip> : resting.length > 0 ? <Chip key="r" tone="warn">rests</Chip> : <Chip key="w" tone="good">may compute</Chip>],
          view.hold.is_held && view.hold.until_s !== null && ["Until", <Moment key="u" unixS={view.hold.until_s} clock="browser" />],
          ["Mode", view.mode === "always" ? "always" : "yields to whoever uses this machine"],
          ["Who is here", plain(view.presence)],
          ...resting.map((device) => [plain(device.device, 24), device.reasons.map((reason) => plain(reason.message)).join(" ") || "rests"] as const),
          ["Lends", view.lend === "paid" ? "for pay" : "as a volunteer, for one wei"],
          view.credit.jobs > 0 && ["Given away", `${count(view.credit.jobs)} jobs`],
        ]}
      />
      <p className="text-ink-2">A pause stops all computing at once. What was taken keeps its deadline: a job that is not resumed in time costs a part of its lock.</p>
      <div className="flex flex-wrap gap-2" aria-busy={busy}>
        {view.hold.is_held ? (
          <Button kind="primary" disabled={busy} onClick={() => say({ path: "resume" })}>
            Resume
          </Button>
        ) : (
          <Button disabled={busy} onClick={() => say({ path: "pause" })}>
            Pause
          </Button>
        )}
        {SNOOZES.map(([label, seconds]) => (
          <Button key={seconds} disabled={busy} onClick={() => say({ path: "snooze", seconds })}>
            Snooze {label}
          </Button>
        ))}
        {view.lend === "paid" ? (
          <Button disabled={busy} onClick={() => say({ path: "lend", lend: "volunteer" })}>
            Lend as a volunteer
          </Button>
        ) : (
          <Button disabled={busy} onClick={() => say({ path: "lend", lend: "paid" })}>
            Lend for pay
          </Button>
        )}
      </div>
    </>
  );
}
