/** Who would decide, when, whether one has the votes, and the one transaction. */
import type { ReactElement } from "react";
import type { Address } from "viem";
import { useConfig } from "wagmi";
import { useTx } from "../../actions/tx";
import { Amount, Button, Card, Copy, Facts } from "../../components/basics";
import { standardGovernorAbi } from "../../generated/abis";
import { type Intention, callOf, clauseOf, descriptionOf } from "../../gov/calls";
import { isAboutModel, modelFault } from "../../gov/models";
import { type Actions, idHex, proposalId } from "../../gov/proposals";
import { dateOf, pickGovernor, refusalOf } from "../../gov/rules";
import { ifProposed, nextEpochS } from "../../gov/timeline";
import { formatValue } from "../../gov/values";
import { useNetwork } from "../../lib/context";
import { readNow } from "../../queries/chain";
import { readRegistered } from "../../queries/registry";
import { useAccount } from "../../wallet/gate";
import { useWalletDialog } from "../../wallet/dialog";
import { type Draft, countOf, sentenceOf } from "./draft";
import { proposePlan } from "./plans";
import { type GovernorNow, type Readings, readParameters, readTreasuryLeft, usePower } from "./reads";

interface Props {
  draft: Draft;
  setMine: (isMine: boolean) => void;
  intentions: readonly Intention[];
  isComplete: boolean;
  /** No governor may do all of it, or it is not known yet which. */
  isRefused: boolean;
  isConstitutional: boolean;
  governor: GovernorNow;
  nowS: number;
  readings: Readings;
  onDone: (id: string) => void;
}

export function ProposeCard({ draft, setMine, intentions, isComplete, isRefused, isConstitutional, governor, nowS, readings, onDone }: Props): ReactElement {
  const network = useNetwork();
  const wagmi = useConfig();
  const account = useAccount();
  const connect = useWalletDialog();
  const power = usePower(account);
  const { run, isOpen } = useTx();
  const dates = ifProposed(nowS, governor.times);
  const name = isConstitutional ? "Constitutional" : "Standard";
  const address = network.contracts[isConstitutional ? "constitutional_governor" : "standard_governor"] as Address;
  const hasWei = power.data?.countedWei;
  const needsWei = governor.thresholdWei;
  const isEnough = hasWei !== undefined && needsWei !== undefined && hasWei >= needsWei;
  const why = !isComplete
    ? countOf(draft) === 0 ? "Choose a parameter first, or something else." : intentions.length < countOf(draft) ? "A value is missing or would be refused." : "Say why: voters will want a reason."
    : isRefused ? "No governor may do it as it stands."
    : account !== undefined && hasWei !== undefined && !isEnough ? "You have too few votes. Stake, delegate to yourself and wait until the day (UTC) is over; or let somebody with more votes propose it."
    : undefined;
  const start = (): void => {
    if (account === undefined || hasWei === undefined || needsWei === undefined) return;
    const calls = intentions.map((intention) => callOf(network.contracts, intention, draft.reason.trim()));
    const suffix = draft.isMine ? `\n#proposer=${account}` : "";
    const actions: Actions = { targets: calls.map(({ target }) => target), values: calls.map(() => 0n), calldatas: calls.map(({ calldata }) => calldata), description: descriptionOf(intentions, draft.reason.trim()) + suffix };
    const id = proposalId(actions);
    const recheck = async (): Promise<string | undefined> => {
      if ((await readNow(wagmi, address, standardGovernorAbi, "proposalSnapshot", [id])) !== 0n) return "This very proposal was made already. Change your reason, or vote on it.";
      for (const item of intentions.filter(isAboutModel)) {
        const fault = modelFault(item, await readRegistered(wagmi, network.contracts.registry as Address, item.modelId), ifProposed(nowS, governor.times).executableS);
        if (fault) return fault;
      }
      const changes = intentions.filter((item) => item.kind === "change");
      if (changes.length < intentions.length) {
        const picked = pickGovernor(intentions, await readTreasuryLeft(wagmi, network));
        if ("message" in picked) return picked.message;
        if (picked.isConstitutional !== isConstitutional) return "Another governor would decide it now.";
      }
      if (changes.length === 0) return undefined;
      const now = await readParameters(wagmi, network.contracts.params as Address, changes.map(({ key }) => key));
      for (const { key, value } of changes) {
        const reading = now.byKey[key];
        const refusal = reading && refusalOf(reading, value, governor.times, nowS);
        if (refusal) return refusal.message;
      }
      const moved = changes.find(({ key }) => now.byKey[key]?.next !== readings.byKey[key]?.next);
      const value = moved && now.byKey[moved.key];
      return value ? `${moved.key} is ${formatValue(value.next, value.parameter.unit)} now.` : undefined;
    };
    run(proposePlan({ wagmi, network }, address, actions, { name, words: intentions.map(clauseOf), hasWei, needsWei, account, recheck, onDone: () => onDone(idHex(id)) }));
  };
  const sentence = sentenceOf(intentions, draft.reason.trim() || "…").replaceAll('"', "'");
  return (
    <Card title="4. Propose">
      <div className="flex flex-col gap-4">
        <Facts
          items={[
            ["Decided by", `${name} governor`],
            ["Votes needed", <Amount key="n" wei={needsWei} unit="" why="no votes were counted yet" />],
            account !== undefined && (["You have", <Amount key="h" wei={hasWei} unit="" />] as const),
            ["Voting begins", dateOf(dates.votesFromS)],
            ["Voting ends", dateOf(dates.votesUntilS)],
            ["Executable", dateOf(dates.executableS)],
            ["Applies", dateOf(nextEpochS(dates.executableS))],
          ]}
        />
        {isConstitutional && <p className="text-ink-2">A part of it belongs to the Constitutional governor, which then decides all of it.</p>}
        <label className="flex items-start gap-2">
          <input type="checkbox" className="mt-1 size-4 accent-accent" checked={draft.isMine} onChange={(event) => setMine(event.target.checked)} />
          <span>
            Only I may make it
            <span className="block text-[0.93rem] text-ink-2">Else somebody could make the same proposal first and withdraw it.</span>
          </span>
        </label>
        {account === undefined ? (
          <Button kind="primary" onClick={connect}>
            Connect a wallet
          </Button>
        ) : (
          <Button kind="primary" disabled={why !== undefined || !isEnough} busy={isOpen("propose")} onClick={start}>
            Propose
          </Button>
        )}
        {why && <p className="text-ink-2">{why}</p>}
        {intentions.length > 0 && (
          <details className="text-[0.93rem] text-ink-2">
            <summary>On the command line</summary>
            <p className="mt-1 flex items-start gap-1">
              <code className="min-w-0 break-words">neurovoyance gov draft "{sentence}"</code>
              <Copy value={`neurovoyance gov draft "${sentence}"`} what="command" />
            </p>
          </details>
        )}
      </div>
    </Card>
  );
}
