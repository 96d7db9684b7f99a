/** Own stake of a provider: free, locked, on its way out; with what can be done to each. */
import { type ReactElement, useState } from "react";
import { Link } from "react-router";
import { type Address, zeroAddress } from "viem";
import { useTx } from "../../actions/tx";
import { Amount, Button, Card, Chip, Facts, Moment, Stat } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { computeTokenAbi, stakeManagerAbi } from "../../generated/abis";
import { useChainNow } from "../../lib/clock";
import { useNetwork } from "../../lib/context";
import { count, nvy, span } from "../../lib/format";
import { AmountDialog, type AmountAsked } from "../../money/amount-dialog";
import { useParams } from "../../money/facts";
import { Known, part } from "../../money/known";
import { stakePlan, unbondPlan, useDesk, withdrawUnbondedPlan } from "../../money/plans";
import { isDue, ownAtRisk, unbondable } from "../../money/stakes";
import { useRead } from "../../queries/chain";

export function OwnStake({ account }: { account: Address }): ReactElement {
  const stake = useRead("stake_manager", stakeManagerAbi, "stakeOf", [account]);
  const operator = useRead("stake_manager", stakeManagerAbi, "operatorOf", [account]);
  return (
    <Card title="Your own stake" aside={<SourceNote source="chain" updatedAt={stake.dataUpdatedAt} />} flush>
      <Ask asked={operator} what="registration">
        {(known) => (
          <Ask
            asked={stake}
            what="stake"
            isEmpty={(found) => known === zeroAddress && found.own === 0n && found.unbonding === 0n}
            empty={<Empty action={<Link to="/provider/setup" className="button">Lend a computer</Link>}>Own stake backs the work of your own node. This account is not registered as a provider.</Empty>}
          >
            {(found) => <Held account={account} own={found.own} locked={found.locked} seats={found.seats} unbonding={found.unbonding} readyAtS={BigInt(found.unbondingReadyAt)} isProvider={known !== zeroAddress} />}
          </Ask>
        )}
      </Ask>
    </Card>
  );
}

interface HeldProps {
  account: Address;
  own: bigint;
  locked: bigint;
  seats: number;
  unbonding: bigint;
  readyAtS: bigint;
  isProvider: boolean;
}

function Held({ account, own, locked, seats, unbonding, readyAtS, isProvider }: HeldProps): ReactElement {
  const desk = useDesk(account);
  const { run } = useTx();
  const { flags } = useNetwork();
  const now = useChainNow(5_000);
  const params = useParams(["minSelfStakeWei", "unbondingS", "stakeSlashBps", "forgerySlashBps"]);
  const wallet = useRead("token", computeTokenAbi, "balanceOf", [account]);
  const age = useRead("stake_manager", stakeManagerAbi, "ageOf", [account]);
  const free = own - locked;
  const due = isDue(readyAtS, now);
  const rates = params.data;
  const [asking, setAsking] = useState<"more" | "unbond">();
  // Made anew while it is open: what can be given changes with every block.
  const asked: Record<"more" | "unbond", AmountAsked> = {
    more: { title: "Stake more", about: "It backs jobs and audits of your node at once.", mostWei: wallet.data, most: "what your wallet holds", go: (wei) => run(stakePlan(desk, wei, rates?.unbondingS ?? 0n)) },
    unbond: {
      title: "Unbond stake",
      about: rates ? `It is yours ${span(Number(rates.unbondingS))} after you ask.` : "",
      mostWei: unbondable(own, locked, seats),
      most: seats > 0 ? "what no work holds and no seat needs" : "what no job, audit or bond holds",
      effect: (wei) => (rates && own - wei > 0n && own - wei < rates.minSelfStakeWei ? <p className="text-warn">{nvy(own - wei)} NVY would be left, under the {nvy(rates.minSelfStakeWei)} NVY that taking jobs needs.</p> : null),
      go: (wei) => run(unbondPlan(desk, wei, rates?.unbondingS ?? 0n, unbonding)),
    },
  };
  return (
    <div className="flex flex-col gap-4 p-4">
      <div className="grid gap-3 sm:grid-cols-3">
        <Stat label="Free" value={<Amount wei={free} />} note="backs further jobs" />
        <Stat label="Locked" value={<Amount wei={locked} />} note="behind work; free when it ends" />
        <Stat label="Unbonding" value={<Amount wei={unbonding} />} note={unbonding === 0n ? "nothing is on its way out" : due ? "ready to withdraw" : <>ready <Moment unixS={Number(readyAtS)} /></>} />
      </div>
      <Facts
        items={[
          ["Own stake", <Amount key="o" wei={own} />],
          ["Minimum for jobs", <Known key="m" asked={params}>{({ minSelfStakeWei }) => <><Amount wei={minSelfStakeWei} /> {own < minSelfStakeWei && <Chip tone="bad">under it</Chip>}</>}</Known>],
          ["One verdict takes at most", <Known key="r" asked={params}>{(found) => <><Amount wei={ownAtRisk(own, found)} /> and the lock of its job</>}</Known>],
          flags.economy && ["Age, for loyalty", <Known key="a" asked={part(age, Number)}>{span}</Known>],
          seats > 0 && ["Seats as an auditor", `${count(seats)}; the stake behind them cannot unbond`],
        ]}
      />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" onClick={() => setAsking("more")} disabled={!isProvider || rates === undefined} title={isProvider ? undefined : "Register as a provider first"}>
          Stake more
        </Button>
        <Button onClick={() => setAsking("unbond")} disabled={unbondable(own, locked, seats) === 0n || rates === undefined}>
          Unbond
        </Button>
        {unbonding > 0n && (
          <Button onClick={() => run(withdrawUnbondedPlan(desk, unbonding))} disabled={!due}>
            Withdraw
          </Button>
        )}
      </div>
      {asking && <AmountDialog key={asking} asked={asked[asking]} onClose={() => setAsking(undefined)} />}
    </div>
  );
}
