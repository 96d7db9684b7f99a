/** Whom this account stands behind: worth now, rewards, what is on its way out. */
import { type ReactElement, useState } from "react";
import type { Address } from "viem";
import { useTx } from "../../actions/tx";
import { Addr, Amount, Button, Card, Moment } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { useChainNow } from "../../lib/clock";
import { percentOfBps, span } from "../../lib/format";
import { AmountDialog } from "../../money/amount-dialog";
import { type PoolFact, type Position, useParams, usePools, usePositions } from "../../money/facts";
import { Known, part } from "../../money/known";
import { rewardPlan, undelegatePlan, useDesk, withdrawUndelegatedPlan } from "../../money/plans";
import { isDue } from "../../money/stakes";

export function Delegations({ account }: { account: Address }): ReactElement {
  const positions = usePositions(account);
  const live = (positions.data ?? []).filter((position) => position.shares > 0n || position.unbondingWei > 0n || position.rewardWei > 0n);
  const pools = usePools(live.map((position) => position.provider));
  const [taking, setTaking] = useState<Address>();
  const taken = live.find((position) => position.provider === taking);
  const actions = useActions(account, setTaking);
  const columns: Column<Position>[] = [
    { label: "Provider", render: (position) => <Addr value={position.provider} />, csv: (position) => position.provider },
    { label: "Worth now", num: true, render: (position) => <Amount wei={position.amountWei} />, csv: (position) => position.amountWei },
    { label: "Reward waiting", num: true, render: (position) => <Reward position={position} />, csv: (position) => position.rewardWei },
    { label: "Unbonding", num: true, render: (position) => <Leaving position={position} />, csv: (position) => position.unbondingWei },
    { label: "Commission", num: true, render: (position) => <Commission pool={part(pools, (all) => all.find((pool) => pool.provider === position.provider))} /> },
    { label: "What you can do", render: actions },
  ];
  return (
    <Card title="Your delegations" aside={<SourceNote source="chain" updatedAt={positions.dataUpdatedAt} />} flush>
      <Ask asked={positions} what="delegations" isEmpty={() => live.length === 0} empty={<Empty>You stand behind nobody. Choose a provider below; you share what it earns for being there, and its slashes.</Empty>}>
        {() => <Table caption="Your delegations" rows={live} columns={columns} keyOf={(position) => position.provider} />}
      </Ask>
      <ListFoot rows={live} columns={columns} name="delegations" />
      {taken && <TakeBack account={account} position={taken} onClose={() => setTaking(undefined)} />}
    </Card>
  );
}

/** The buttons of one position. */
function useActions(account: Address, takeBack: (provider: Address) => void): (position: Position) => ReactElement {
  const desk = useDesk(account);
  const { run } = useTx();
  const now = useChainNow(5_000);
  return (position) => (
    <span className="flex flex-wrap justify-end gap-1 sm:justify-start">
      {(position.rewardWei > 0n || (position.toHandOn.length > 0 && position.shares > 0n)) && <Button onClick={() => run(rewardPlan(desk, position))}>Take reward</Button>}
      {position.shares > 0n && (
        <Button onClick={() => takeBack(position.provider)}>Undelegate</Button>
      )}
      {position.unbondingWei > 0n && (
        <Button onClick={() => run(withdrawUndelegatedPlan(desk, position))} disabled={!isDue(position.readyAtS, now)}>
          Withdraw
        </Button>
      )}
    </span>
  );
}

function TakeBack({ account, position, onClose }: { account: Address; position: Position; onClose: () => void }): ReactElement {
  const desk = useDesk(account);
  const { run } = useTx();
  const unbondingS = useParams(["unbondingS"]).data?.unbondingS;
  return (
    <AmountDialog
      onClose={onClose}
      asked={{
        title: "Take a delegation back",
        about: unbondingS === undefined ? "" : `It is yours ${span(Number(unbondingS))} after you ask. It is rounded down to whole shares.`,
        mostWei: unbondingS === undefined ? undefined : position.amountWei,
        most: "what your shares are worth now",
        go: (wei) => run(undelegatePlan(desk, position, wei, unbondingS ?? 0n)),
      }}
    />
  );
}

function Reward({ position }: { position: Position }): ReactElement {
  return (
    <>
      <Amount wei={position.rewardWei} />
      {position.toHandOn.length > 0 && <span className="block text-ink-3">and a part of {position.toHandOn.length === 1 ? "a week" : `${position.toHandOn.length} weeks`}</span>}
    </>
  );
}

function Leaving({ position }: { position: Position }): ReactElement {
  return (
    <>
      <Amount wei={position.unbondingWei} />
      {position.unbondingWei > 0n && (
        <span className="block text-ink-3">
          ready <Moment unixS={Number(position.readyAtS)} />
        </span>
      )}
    </>
  );
}

/** The commission as it applies now, and the one that waits. */
export function Commission({ pool }: { pool: ReturnType<typeof part<unknown, PoolFact>> }): ReactElement {
  return (
    <Known asked={pool}>
      {({ commissionBps, nextBps, nextSinceS }) => (
        <>
          {percentOfBps(commissionBps)}
          {nextSinceS > 0n && (
            <span className="block text-warn">
              {percentOfBps(nextBps)} <Moment unixS={Number(nextSinceS)} />
            </span>
          )}
        </>
      )}
    </Known>
  );
}
