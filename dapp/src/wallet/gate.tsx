/** What a page needs of the wallet: none, locked, wrong chain, or ready. */
import type { ReactElement, ReactNode } from "react";
import type { Address } from "viem";
import { useConnection, useSwitchChain } from "wagmi";
import { Button, Notice } from "../components/basics";
import { Empty } from "../components/states";
import { useNetwork } from "../lib/context";
import { useWalletDialog } from "./dialog";

/** The connected account; undefined without one. */
export function useAccount(): Address | undefined {
  return useConnection().address;
}

/** Show children with an account; otherwise say in one sentence what an account is for here. */
export function NeedsWallet({ why, children }: { why: string; children: (account: Address) => ReactNode }): ReactElement {
  const { address, status } = useConnection();
  const open = useWalletDialog();
  if (address === undefined) {
    return (
      <Empty
        action={
          <Button kind="primary" onClick={open} busy={status === "connecting" || status === "reconnecting"}>
            Connect a wallet
          </Button>
        }
      >
        {why}
      </Empty>
    );
  }
  return <>{children(address)}</>;
}

/** A line above everything when the wallet is on another chain, with the switch. */
export function ChainGuard(): ReactElement | null {
  const network = useNetwork();
  const { chainId, address } = useConnection();
  const change = useSwitchChain();
  if (address === undefined || chainId === network.chain_id) return null;
  return (
    <Notice
      tone="warn"
      title={`Your wallet is on chain ${chainId ?? "unknown"}; this network is chain ${network.chain_id}.`}
      actions={
        <Button onClick={() => change.mutate({ chainId: network.chain_id })} busy={change.isPending}>
          Switch the wallet
        </Button>
      }
    >
      Reading works; nothing can be signed until it is switched.
      {change.error && " The wallet did not switch; add the network by hand with the address on the status page."}
    </Notice>
  );
}
