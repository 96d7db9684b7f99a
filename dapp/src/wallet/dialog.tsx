/** Opening the wallet dialog, and the demo wallet: connected and filled in one step. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, Suspense, createContext, lazy, useCallback, useContext, useState } from "react";
import { type Connector, useConnect, useConnection, useConnectors } from "wagmi";
import { useNetwork } from "../lib/context";
import { load, save } from "../lib/storage";
import { askFaucet } from "./faucet";

const WalletDialog = lazy(() => import("./wallet-dialog"));

const DEMO_RDNS = "org.neurovoyance.demo";
const OpenContext = createContext<(() => void) | undefined>(undefined);

/** Open the dialog from anywhere below. */
export function useWalletDialog(): () => void {
  const open = useContext(OpenContext);
  if (open === undefined) throw new Error("no wallet dialog above this component");
  return open;
}

export const isDemo = (connector: Connector | undefined): boolean => connector?.id === DEMO_RDNS;

/** Connect the demo wallet and fill it on its first use; resolves to its address. */
export function useDemoWallet(): { start: () => Promise<`0x${string}` | undefined>; busy: boolean; error: unknown } {
  const network = useNetwork();
  const connectors = useConnectors();
  const connect = useConnect();
  const client = useQueryClient();
  const { address, connector } = useConnection();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const start = useCallback(async () => {
    if (isDemo(connector)) return address;
    setBusy(true);
    setError(undefined);
    try {
      const { announceDemoWallet } = await import("./demo");
      announceDemoWallet(network.chain_id);
      const found = await waitForConnector(() => connectorsNow(), DEMO_RDNS);
      const connected = await connect.mutateAsync({ connector: found });
      const account = connected.accounts[0];
      await fillOnce(account);
      await client.invalidateQueries();
      return account;
    } catch (failure) {
      setError(failure);
      return undefined;
    } finally {
      setBusy(false);
    }
    function connectorsNow(): readonly Connector[] {
      return latest;
    }
  }, [address, connector, connect, client, network.chain_id]);
  latest = connectors;
  return { start, busy, error };
}

// Connectors appear by announcement, outside React's cycle; the newest list is kept here for the wait.
let latest: readonly Connector[] = [];

async function waitForConnector(list: () => readonly Connector[], id: string): Promise<Connector> {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = list().find((connector) => connector.id === id);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("The demo wallet did not announce itself.");
}

const isList = (value: unknown): value is string[] => Array.isArray(value);

/** Ask the faucet the first time that an account connects; later the settings page does. */
async function fillOnce(account: `0x${string}` | undefined): Promise<void> {
  const filled = load("filled", isList) ?? [];
  if (account === undefined || filled.includes(account)) return;
  await askFaucet(account);
  save("filled", [...filled, account].slice(-50));
}

export function WalletDialogProvider({ children }: { children: ReactNode }): ReactElement {
  const [open, setOpen] = useState(false);
  const show = useCallback(() => setOpen(true), []);
  const hide = useCallback(() => setOpen(false), []);
  return (
    <OpenContext value={show}>
      {children}
      {open && (
        <Suspense fallback={null}>
          <WalletDialog onClose={hide} />
        </Suspense>
      )}
    </OpenContext>
  );
}
