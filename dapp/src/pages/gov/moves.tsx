/** What can be done beside voting: queue, execute, withdraw, cancel as guardian. */
import type { ReactElement } from "react";
import type { Address } from "viem";
import { useConfig } from "wagmi";
import { useTx } from "../../actions/tx";
import { Button, Card, Moment, Notice } from "../../components/basics";
import { guardianAbi } from "../../generated/abis";
import type { Actions } from "../../gov/proposals";
import { sameAddress } from "../../hire/draft";
import { useChainNow } from "../../lib/clock";
import { useNetwork } from "../../lib/context";
import { useRead } from "../../queries/chain";
import { useAccount } from "../../wallet/gate";
import { type Proposal, movePlan } from "./plans";
import type { ProposalNow } from "./reads";

interface Props {
  proposal: Proposal;
  proposer: string;
  now: ProposalNow;
  /** Undefined where the copy of the calls does not prove itself: then nothing can be sent. */
  actions: Actions | undefined;
  isCodeUnchanged: boolean | undefined;
}

export function Moves({ proposal, proposer, now, actions, isCodeUnchanged }: Props): ReactElement | null {
  const network = useNetwork();
  const wagmi = useConfig();
  const account = useAccount();
  const clock = useChainNow(5_000);
  const { run } = useTx();
  const isOpen = now.state === "Pending" || now.state === "Active" || now.state === "Succeeded" || now.state === "Queued";
  const isGuardian = useGuardian(isOpen ? account : undefined, clock) && !actions?.targets.some((target) => sameAddress(target, network.contracts.guardian));
  const { state } = now;
  if (state === undefined || !isOpen || !actions) return null;
  const isProposer = sameAddress(account, proposer);
  const go = (move: "queue" | "execute" | "cancel" | "veto") => run(movePlan({ wagmi, network }, proposal, actions, move, state));
  const canExecute = state === "Queued" && clock >= now.etaS;
  const isRefused = isCodeUnchanged === false;
  const canMove = account !== undefined && !isRefused;
  if (state !== "Succeeded" && state !== "Queued" && !(isProposer && state === "Pending") && !isGuardian) return null;
  return (
    <Card title="What can be done">
      <div className="flex flex-col gap-3">
        {isRefused && <Notice tone="bad" title="The code of a target changed">The governor refuses this proposal for ever. It has to be proposed anew.</Notice>}
        {state === "Succeeded" && <Move label="Queue" about={account ? "Anybody may. Then it waits in the timelock." : "Anybody with a wallet may. Then it waits in the timelock."} isPrimary disabled={!canMove} onClick={() => go("queue")} />}
        {state === "Queued" && <Move label="Execute" about={canExecute ? "Anybody may. All of its calls are made, or none." : <>It waits in the timelock; executable <Moment unixS={now.etaS} />.</>} isPrimary disabled={!canMove || !canExecute} onClick={() => go("execute")} />}
        {isProposer && state === "Pending" && <Move label="Withdraw" about="It is yours, and nobody votes yet." onClick={() => go("cancel")} />}
        {isGuardian && <Move label="Cancel as guardian" about="Your term lasts; the proposal can never be executed then." onClick={() => go("veto")} />}
      </div>
    </Card>
  );
}

function Move({ label, about, onClick, isPrimary = false, disabled = false }: { label: string; about: ReactElement | string; onClick: () => void; isPrimary?: boolean; disabled?: boolean }): ReactElement {
  return (
    <div>
      <Button kind={isPrimary ? "primary" : "plain"} onClick={onClick} disabled={disabled}>
        {label}
      </Button>
      <p className="mt-1 text-ink-2">{about}</p>
    </div>
  );
}

function useGuardian(account: Address | undefined, nowS: number): boolean {
  const holder = useRead("guardian", guardianAbi, "holder", account ? [] : undefined);
  const expires = useRead("guardian", guardianAbi, "expiresAt", account ? [] : undefined);
  return account !== undefined && sameAddress(holder.data, account) && expires.data !== undefined && Number(expires.data) > nowS;
}
