/** Leaving early: announce, wait a day, leave; the penalty is the contract's own figure of this moment. */
import { type ReactElement, useState } from "react";
import type { Address } from "viem";
import { useTx } from "../../actions/tx";
import { Amount, Button, Card, Facts, Moment, Notice } from "../../components/basics";
import { Ask, SourceNote, explain } from "../../components/states";
import { vestingVaultAbi } from "../../generated/abis";
import { useChainNow } from "../../lib/clock";
import { dateTime, nvy, percentOfBps, share } from "../../lib/format";
import { AmountDialog } from "../../money/amount-dialog";
import { useParams } from "../../money/facts";
import { Known, Wei, exactly } from "../../money/known";
import { exitNow, exitPlan, requestExitPlan, useDesk } from "../../money/plans";
import { penaltyAfter, penaltyBps } from "../../money/vesting";
import { useRead } from "../../queries/chain";

const WAITS = [4, 8, 13, 20] as const;

interface Props {
  account: Address;
  unvestedWei: bigint;
  schedule: readonly bigint[] | undefined;
}

export function EarlyExit({ account, unvestedWei, schedule }: Props): ReactElement {
  const announced = useRead("vault", vestingVaultAbi, "exitOf", [account]);
  const allowance = useRead("vault", vestingVaultAbi, "allowanceOf", [account]);
  const penalty = exactly(useRead("vault", vestingVaultAbi, "penaltyOf", [account, unvestedWei]));
  const desk = useDesk(account);
  const { run } = useTx();
  const [announcing, setAnnouncing] = useState(false);
  return (
    <Card title="Leaving early" aside={<SourceNote source="chain" updatedAt={announced.dataUpdatedAt} />}>
      <div className="flex flex-col gap-4">
        <Facts
          items={[
            ["Leaving with all of it now costs", <Known key="p" asked={penalty}>{(wei) => <><Amount wei={wei} /> ({share(wei, unvestedWei)} of <Amount wei={unvestedWei} />)</>}</Known>],
            ["May leave in this week", <Wei key="a" asked={allowance} />],
          ]}
        />
        {schedule && <Waiting schedule={schedule} unvestedWei={unvestedWei} nowWei={penalty.data} />}
        <Ask asked={announced} what="announced exit">
          {([amountWei, readyAtS, expiresAtS]) => <Announced account={account} amountWei={amountWei} readyAtS={Number(readyAtS)} expiresAtS={Number(expiresAtS)} announce={() => setAnnouncing(true)} />}
        </Ask>
      </div>
      {announcing && (
        <AmountDialog
          onClose={() => setAnnouncing(false)}
          asked={{
            title: "Announce an early exit",
            about: "You may leave after 24 hours, for 72 hours. Announcing costs nothing and binds to nothing.",
            mostWei: unvestedWei,
            most: "what still vests",
            effect: (wei) => <PenaltyOf account={account} amountWei={wei} />,
            go: (wei) => run(requestExitPlan(desk, wei)),
          }}
        />
      )}
    </Card>
  );
}

function PenaltyOf({ account, amountWei }: { account: Address; amountWei: bigint }): ReactElement {
  const penalty = exactly(useRead("vault", vestingVaultAbi, "penaltyOf", [account, amountWei]));
  return (
    <p className="text-ink-2">
      At this moment leaving with it would cost <Known asked={penalty}>{(wei) => <><Amount wei={wei} /> ({percentOfBps(penaltyBps(wei, amountWei))})</>}</Known>. The figure falls with every week.
    </p>
  );
}

interface AnnouncedProps {
  account: Address;
  amountWei: bigint;
  readyAtS: number;
  expiresAtS: number;
  announce: () => void;
}

function Announced({ account, amountWei, readyAtS, expiresAtS, announce }: AnnouncedProps): ReactElement {
  const now = useChainNow(5_000);
  if (amountWei === 0n) return <Button onClick={announce}>Announce an early exit</Button>;
  if (now > expiresAtS) {
    return (
      <Notice tone="warn" title="The announced exit was not used in time" actions={<Button onClick={announce}>Announce it again</Button>}>
        It could be used until {dateTime(expiresAtS)}. Nothing left the vault.
      </Notice>
    );
  }
  if (now < readyAtS) {
    return (
      <Notice tone="info" title={`An exit of ${nvy(amountWei)} NVY is announced`} actions={<Button onClick={announce}>Announce another amount</Button>}>
        You may leave <Moment unixS={readyAtS} />, from {dateTime(readyAtS)} to {dateTime(expiresAtS)}.
      </Notice>
    );
  }
  return (
    <Notice
      tone="warn"
      title={`You may leave with up to ${nvy(amountWei)} NVY until ${dateTime(expiresAtS)}`}
      actions={
        <>
          <LeaveNow account={account} />
          <Button onClick={announce}>Announce another amount</Button>
        </>
      }
    >
      The next step shows the penalty, as the contract computes it now, before you sign.
    </Notice>
  );
}

function LeaveNow({ account }: { account: Address }): ReactElement {
  const desk = useDesk(account);
  const { run } = useTx();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const leave = async (): Promise<void> => {
    setBusy(true);
    setFault(undefined);
    try {
      const exit = await exitNow(desk);
      if (exit.amountWei === 0n) setFault("The vault's limit of this week is used up. Try again next week.");
      else run(exitPlan(desk, exit));
    } catch (error) {
      setFault(`${explain(error).message} ${explain(error).hint}`);
    }
    setBusy(false);
  };
  return (
    <>
      <Button kind="danger" busy={busy} onClick={() => void leave()}>
        Leave early
      </Button>
      {fault && (
        <p role="alert" className="w-full text-bad">
          {fault}
        </p>
      )}
    </>
  );
}

/** What waiting is worth; an estimate, were nothing added and no parameter moved. */
function Waiting({ schedule, unvestedWei, nowWei }: { schedule: readonly bigint[]; unvestedWei: bigint; nowWei: bigint | undefined }): ReactElement | null {
  const params = useParams(["exitBaseBps", "exitSlopeBps"]);
  if (params.data === undefined || nowWei === undefined || unvestedWei === 0n) return null;
  const { exitBaseBps, exitSlopeBps } = params.data;
  const rows = WAITS.filter((weeks) => schedule.slice(weeks).some((wei) => wei > 0n)).map((weeks) => [weeks, penaltyAfter(weeks, schedule, exitBaseBps, exitSlopeBps)] as const);
  if (rows.length === 0) return null;
  return (
    <p className="max-w-prose text-ink-2">
      Estimate, if nothing is added and no vote changes the rates: leaving with what is then left costs{" "}
      {rows.map(([weeks, wei], index) => (
        <span key={weeks}>
          {index > 0 && ", "}
          <Amount wei={wei} decimals={4} /> after {weeks} weeks
        </span>
      ))}
      .
    </p>
  );
}
