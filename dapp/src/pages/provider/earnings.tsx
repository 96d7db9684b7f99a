/** What was earned: fees by day, and by week apart from emission. Jobs are listed below. */
import { type ReactElement, useState } from "react";
import type { Address } from "viem";
import { Amount, Button, Card } from "../../components/basics";
import { Chart } from "../../components/chart";
import { Ask, Empty, SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { wei } from "../../lib/api";
import { useNetwork } from "../../lib/context";
import { dateTime } from "../../lib/format";
import { type EarningDay, earningsByDay } from "../../money/earnings";
import { epochStartS } from "../../money/epochs";
import { rowsOf, useJobs, useRewards } from "../../queries";
import type { RewardRow } from "../../queries/rows";

const NANO = 10n ** 9n;
/** Height on a drawing alone: exact amounts are in the table. */
const height = (amount: bigint): number => Number(amount / NANO) / 1e9;

export function Earnings({ provider }: { provider: Address }): ReactElement {
  const { flags } = useNetwork();
  const [byWeek, setByWeek] = useState(false);
  return (
    <Card
      title="Earned"
      aside={
        flags.economy && (
          <Button kind="quiet" aria-pressed={byWeek} onClick={() => setByWeek((shown) => !shown)}>
            {byWeek ? "By day" : "By week, with emission"}
          </Button>
        )
      }
      flush
    >
      {byWeek ? <Weeks provider={provider} /> : <Days provider={provider} />}
      <p className="border-t border-line px-4 py-2 text-[0.93rem] text-ink-2">By provider, not by device: contracts pay for a job and do not know what it ran on, and the node's own account keeps what the chain says.</p>
    </Card>
  );
}

const DAY_COLUMNS: readonly Column<EarningDay>[] = [
  { label: "Day", render: (day) => dateTime(day.dayS).split(",")[0], csv: (day) => new Date(day.dayS * 1000).toISOString().slice(0, 10) },
  { label: "Jobs", num: true, render: (day) => day.jobs, csv: (day) => day.jobs },
  { label: "Fees", num: true, render: (day) => <Amount wei={day.feesWei} />, csv: (day) => day.feesWei },
];

function Days({ provider }: { provider: Address }): ReactElement {
  const list = useJobs({ provider, state: "Settled" }, 200);
  const days = earningsByDay(rowsOf(list));
  const newest = [...days].reverse().filter((day) => day.jobs > 0);
  return (
    <>
      <div className="flex justify-end px-4 pt-2">
        <SourceNote source="index" updatedAt={list.dataUpdatedAt} />
      </div>
      <Ask asked={list} what="earnings" isEmpty={() => days.length === 0} empty={<Empty>Nothing is earned yet. A job is paid when its window ends, or when its client confirms.</Empty>}>
        {() => (
          <>
            {days.length > 1 && (
              <div className="px-4 pb-2">
                <Chart title="Fees a day, NVY, UTC" timesS={days.map((day) => day.dayS)} series={[{ label: "Fees", values: days.map((day) => height(day.feesWei)) }]} heightPx={140} />
              </div>
            )}
            <Table caption="Fees by day" rows={newest} columns={DAY_COLUMNS} keyOf={(day) => String(day.dayS)} />
          </>
        )}
      </Ask>
      <ListFoot rows={newest} columns={DAY_COLUMNS} name="earnings-by-day" more={list} />
    </>
  );
}

const sum = (row: RewardRow, ...names: ("work_wei" | "avail_wei" | "fees_liquid_wei" | "fees_vested_wei" | "emission_liquid_wei" | "emission_vested_wei")[]): bigint => names.reduce((total, name) => total + wei(row[name]), 0n);

const WEEK_COLUMNS: readonly Column<RewardRow>[] = [
  { label: "Week of", render: (row) => dateTime(epochStartS(row.epoch)).split(",")[0], csv: (row) => new Date(epochStartS(row.epoch) * 1000).toISOString().slice(0, 10) },
  { label: "Fees", num: true, render: (row) => <Amount wei={wei(row.fees_wei)} />, csv: (row) => wei(row.fees_wei) },
  { label: "Fees kept", num: true, render: (row) => <Amount wei={sum(row, "fees_liquid_wei", "fees_vested_wei")} />, csv: (row) => sum(row, "fees_liquid_wei", "fees_vested_wei") },
  { label: "Emission: work", num: true, render: (row) => <Amount wei={wei(row.work_wei)} />, csv: (row) => wei(row.work_wei) },
  { label: "Emission: availability", num: true, render: (row) => <Amount wei={wei(row.avail_wei)} />, csv: (row) => wei(row.avail_wei) },
  { label: "Of it vesting", num: true, render: (row) => <Amount wei={sum(row, "fees_vested_wei", "emission_vested_wei")} />, csv: (row) => sum(row, "fees_vested_wei", "emission_vested_wei") },
];

function Weeks({ provider }: { provider: Address }): ReactElement {
  const list = useRewards({ provider });
  const rows = rowsOf(list);
  return (
    <>
      <Ask asked={list} what="rewards" isEmpty={() => rows.length === 0} empty={<Empty>No week was harvested or claimed yet.</Empty>}>
        {() => <Table caption="Fees and emission by week" rows={rows} columns={WEEK_COLUMNS} keyOf={(row) => row.reward_id} />}
      </Ask>
      <ListFoot rows={rows} columns={WEEK_COLUMNS} name="earnings-by-week" more={list} />
    </>
  );
}
