/** Rewards that vest: the curve, what can be taken, and what leaving early costs. */
import { type ReactElement, useId } from "react";
import type { Address } from "viem";
import { useTx } from "../actions/tx";
import { Amount, Button, Card, Moment, Notice, PageHead, Stat } from "../components/basics";
import { Ask, Empty, SourceNote } from "../components/states";
import { emissionControllerAbi, feeRouterAbi, vestingVaultAbi } from "../generated/abis";
import { wei } from "../lib/api";
import { useChainNow } from "../lib/clock";
import { useNetwork } from "../lib/context";
import { epochOf, epochStartS } from "../money/epochs";
import { Known, Wei, exactly, part } from "../money/known";
import { owedPlan, releasePlan, useDesk } from "../money/plans";
import { curveOf, releaseFault } from "../money/vesting";
import { useVestingRow } from "../queries";
import { useRead } from "../queries/chain";
import { NeedsWallet } from "../wallet/gate";
import { Curve } from "./vesting/curve";
import { EarlyExit } from "./vesting/exit";

export function Component(): ReactElement {
  const { flags } = useNetwork();
  return (
    <>
      <PageHead title="Vesting" lead="A part of what a node earns comes week by week. It has votes until it is released." />
      {flags.economy ? (
        <NeedsWallet why="Connect a wallet to see what vests for it, week by week.">{(account) => <Yours key={account} account={account} />}</NeedsWallet>
      ) : (
        <Notice title="Nothing vests here">This network was deployed without the token economy: what a provider earns is paid at once.</Notice>
      )}
    </>
  );
}

function Yours({ account }: { account: Address }): ReactElement {
  const schedule = useRead("vault", vestingVaultAbi, "scheduleOf", [account]);
  const releasable = useRead("vault", vestingVaultAbi, "releasableOf", [account]);
  const unvested = useRead("vault", vestingVaultAbi, "unvestedOf", [account]);
  const hasAny = (unvested.data ?? 0n) > 0n || (releasable.data ?? 0n) > 0n;
  return (
    <div className="flex flex-col gap-4">
      <Sums account={account} releasable={releasable} unvested={unvested} />
      <Owed account={account} />
      <Card title="The curve" aside={<SourceNote source="chain" updatedAt={schedule.dataUpdatedAt} />} flush={!hasAny}>
        <Ask asked={schedule} what="schedule" isEmpty={() => unvested.data === 0n} empty={<Empty>Nothing vests for this account now. Fees that are harvested and emission that is claimed put something here.</Empty>}>
          {(weeks) => <VestedCurve account={account} releasable={releasable.data} weeks={weeks} />}
        </Ask>
      </Card>
      {unvested.data !== undefined && unvested.data > 0n && <EarlyExit account={account} unvestedWei={unvested.data} schedule={schedule.data} />}
      <About />
    </div>
  );
}

type Read = ReturnType<typeof exactly<bigint>>;

function Sums({ account, releasable, unvested }: { account: Address; releasable: Read; unvested: Read }): ReactElement {
  const row = useVestingRow(account);
  const desk = useDesk(account);
  const { run } = useTx();
  const now = useChainNow(30_000);
  const reasonId = useId();
  const fault = releasable.data === undefined ? undefined : releaseFault(releasable.data);
  return (
    <section className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4" aria-label="What vests">
      <div className="card flex flex-col gap-2 px-4 py-3">
        <div>
          <div className="text-ink-2">Releasable now</div>
          <div className="mt-0.5 text-[1.35rem] leading-tight font-semibold">
            <Wei asked={releasable} />
          </div>
        </div>
        <Button kind="primary" disabled={releasable.data === undefined || fault !== undefined} aria-describedby={fault && reasonId} onClick={() => releasable.data && run(releasePlan(desk, account, releasable.data))}>
          Release
        </Button>
        {fault && (
          <p id={reasonId} className="text-[0.93rem] text-ink-3">
            {fault}
          </p>
        )}
      </div>
      <Stat label="Still vesting" value={<Wei asked={unvested} />} note={unvested.data === undefined ? undefined : unvested.data ? <>next part <Moment unixS={epochStartS(epochOf(now) + 1)} /></> : "nothing is on its way"} />
      <Stat label="Released so far" value={<Wei asked={part(row, (found) => wei(found.released_wei))} />} note={<>of <Known asked={row}>{(found) => <Amount wei={wei(found.deposited_wei) + wei(found.income_wei)} unit="" />}</Known> put in</>} />
      <Stat label="Income of penalties" value={<Wei asked={part(row, (found) => wei(found.income_wei))} />} note="counted when it is settled, with the next move" />
    </section>
  );
}

function VestedCurve({ account, releasable, weeks }: { account: Address; releasable: bigint | undefined; weeks: readonly bigint[] }): ReactElement {
  const row = useVestingRow(account);
  const now = useChainNow(30_000);
  if (releasable === undefined || row.data === undefined) return <p className="text-ink-2">What was released before is being asked for.</p>;
  return <Curve points={curveOf(wei(row.data.released_wei), releasable, weeks)} releasedWei={wei(row.data.released_wei)} firstS={epochStartS(epochOf(now))} nowS={now} />;
}

/** What the vault refused when it was due; anyone may try again. */
function Owed({ account }: { account: Address }): ReactElement | null {
  const fees = useRead("fee_router", feeRouterAbi, "vestingOwedOf", [account]);
  const emission = useRead("emission", emissionControllerAbi, "vestingOwedOf", [account]);
  const desk = useDesk(account);
  const { run } = useTx();
  const owed = [["fee_router", fees.data] as const, ["emission", emission.data] as const].filter(([, amount]) => amount !== undefined && amount > 0n);
  if (owed.length === 0) return null;
  return (
    <Notice
      tone="warn"
      title="The vault refused a part when it was due"
      actions={owed.map(([name, amount]) => (
        <Button key={name} onClick={() => run(owedPlan(desk, name, account, amount ?? 0n))}>
          Let <Amount wei={amount} /> vest
        </Button>
      ))}
    >
      It is kept for this account; anyone may try again.
    </Notice>
  );
}

const About = (): ReactElement => (
  <details className="card px-4 py-3">
    <summary className="font-medium">What vesting is</summary>
    <div className="mt-2 flex max-w-prose flex-col gap-2 text-ink-2">
      <p>A part of a provider's fees and most of its emission go into the vault. From the next week on they become releasable in equal weekly steps; a week begins on Thursday at 00:00 UTC. Nobody can pause, limit or redirect a release.</p>
      <p>What is in the vault has votes and can be slashed by a verdict. Whoever leaves early pays a penalty: half to those who stay, a quarter is burned, a quarter goes to insurance, unless a vote moved these parts.</p>
    </div>
  </details>
);
