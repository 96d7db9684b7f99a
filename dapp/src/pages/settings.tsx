/** Theme, the demo wallet, what this browser keeps. */
import { type ReactElement, useState } from "react";
import { useConnection, useDisconnect } from "wagmi";
import { Button, Card, Copy, Facts, Notice, PageHead } from "../components/basics";
import { Dialog } from "../components/dialog";
import { explain } from "../components/states";
import { isDevnet } from "../lib/config";
import { useNetwork } from "../lib/context";
import { nvy } from "../lib/format";
import { names, remove } from "../lib/storage";
import { type Theme, setTheme, useTheme } from "../shell/theme";
import { askFaucet } from "../wallet/faucet";
import { isDemo } from "../wallet/dialog";

const THEMES: readonly [Theme, string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function Component(): ReactElement {
  const network = useNetwork();
  return (
    <>
      <PageHead title="Settings" lead="Kept in this browser alone." />
      <div className="grid gap-4 lg:grid-cols-2">
        <ThemeCard />
        {isDevnet(network) && <DemoCard />}
        <KeptCard />
      </div>
    </>
  );
}

function ThemeCard(): ReactElement {
  const theme = useTheme();
  return (
    <Card title="Theme">
      <fieldset className="flex flex-wrap gap-4">
        <legend className="sr-only">Theme</legend>
        {THEMES.map(([value, label]) => (
          <label key={value} className="flex items-center gap-2">
            <input type="radio" name="theme" checked={theme === value} onChange={() => setTheme(value)} className="size-4 accent-accent" />
            {label}
          </label>
        ))}
      </fieldset>
    </Card>
  );
}

function DemoCard(): ReactElement {
  const { address, connector } = useConnection();
  const disconnect = useDisconnect();
  const [key, setKey] = useState<string>();
  const [resetting, setResetting] = useState(false);
  const [said, setSaid] = useState<{ text: string; bad: boolean }>();
  const [busy, setBusy] = useState(false);
  const demo = isDemo(connector);
  const fill = async (): Promise<void> => {
    if (address === undefined) return;
    setBusy(true);
    try {
      const grant = await askFaucet(address);
      setSaid({ text: `Granted ${nvy(BigInt(grant.amount_wei))} NVY and ${nvy(BigInt(grant.gas_wei))} ETH.`, bad: false });
    } catch (error) {
      const { message, hint } = explain(error);
      setSaid({ text: `${message} ${hint}`, bad: true });
    }
    setBusy(false);
  };
  const reset = async (): Promise<void> => {
    const { resetDemoWallet } = await import("../wallet/demo");
    disconnect.mutate({});
    resetDemoWallet();
    location.reload();
  };
  return (
    <Card title="Demo wallet and faucet">
      <div className="flex flex-col gap-3">
        <p className="text-ink-2">{demo ? "Connected. Its key is in this browser's storage, unencrypted: good for a devnet, for nothing else." : "Not connected. Connect it from the wallet button; it exists on devnets alone."}</p>
        <div className="flex flex-wrap gap-2">
          <Button disabled={address === undefined} busy={busy} onClick={() => void fill()}>
            Ask the faucet
          </Button>
          <Button disabled={!demo} onClick={() => void import("../wallet/demo").then((wallet) => setKey(wallet.exportDemoKey()))}>
            Show the key
          </Button>
          <Button kind="danger" disabled={!demo} onClick={() => setResetting(true)}>
            Reset
          </Button>
        </div>
        {said && <Notice tone={said.bad ? "bad" : "good"} title={said.bad ? "The faucet gave nothing" : "The faucet gave"}>{said.text}</Notice>}
      </div>
      {key && (
        <Dialog open onClose={() => setKey(undefined)} title="Key of the demo wallet" description="Whoever has it moves what the account holds on this devnet.">
          <code className="block break-all rounded bg-raised p-2">{key}</code>
          <div className="mt-2 flex justify-end">
            <Copy value={key} what="key" />
          </div>
        </Dialog>
      )}
      {resetting && (
        <Dialog open onClose={() => setResetting(false)} title="Reset the demo wallet?" description="The key is forgotten. What the account holds stays on the devnet and nobody can move it any more.">
          <div className="flex justify-end gap-2">
            <Button onClick={() => setResetting(false)}>Keep it</Button>
            <Button kind="danger" onClick={() => void reset()}>
              Forget the key
            </Button>
          </div>
        </Dialog>
      )}
    </Card>
  );
}

const WORDS: Record<string, string> = { draft: "Drafts of jobs", pending: "Transactions", theme: "Theme", "demo-wallet": "Key of the demo wallet", filled: "Accounts that the faucet filled" };

function KeptCard(): ReactElement {
  const [entries, setEntries] = useState(() => names(""));
  const forget = (): void => {
    for (const name of names("")) if (name !== "demo-wallet") remove(name);
    setEntries(names(""));
  };
  const kinds = [...new Set(entries.map((name) => WORDS[name.split(":")[0] ?? ""] ?? name))];
  return (
    <Card title="What this browser keeps">
      <Facts items={kinds.map((kind) => [kind, "kept"] as const)} />
      <p className="mt-2 text-ink-2">{kinds.length === 0 ? "Nothing. " : ""}Nothing of it is sent anywhere.</p>
      <Button className="mt-3" disabled={entries.length === 0} onClick={forget}>
        Forget all but the key
      </Button>
    </Card>
  );
}
