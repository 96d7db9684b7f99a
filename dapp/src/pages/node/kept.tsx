/** How a provider kept its word: what was measured, under its own name. */
import type { ReactElement } from "react";
import { Card, Facts, Unknown } from "../../components/basics";
import { Ask, SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { useNetwork } from "../../lib/context";
import { count, dateTime, percentOfBps, share } from "../../lib/format";
import { epochStartS } from "../../money/epochs";
import { type KeptWeek, type ProviderRecord, useRecord } from "../../queries/records";

const ended = (weeks: readonly KeptWeek[]): { kept: number; all: number } => {
  const kept = weeks.reduce((sum, week) => sum + week.kept, 0);
  return { kept, all: weeks.reduce((sum, week) => sum + week.missed, kept) };
};
const shareOf = (weeks: readonly KeptWeek[]): string | undefined => {
  const { kept, all } = ended(weeks);
  return share(BigInt(kept), BigInt(all));
};

/** The contracts' score is zero as well where none was drawn. */
const passed = ({ epoch, score_bps }: NonNullable<ProviderRecord["score"]>): string => `${score_bps === 0 ? "none" : `${percentOfBps(score_bps)} of those drawn`} in the week of ${dateTime(epochStartS(epoch)).split(",")[0]}`;

const COLUMNS: readonly Column<KeptWeek>[] = [
  { label: "Week of", render: (week) => dateTime(week.week_s).split(",")[0], csv: (week) => new Date(week.week_s * 1000).toISOString().slice(0, 10) },
  { label: "Kept", num: true, render: (week) => count(week.kept), csv: (week) => week.kept },
  { label: "Missed", num: true, render: (week) => count(week.missed), csv: (week) => week.missed },
  { label: "Share", num: true, render: (week) => shareOf([week]), csv: (week) => shareOf([week]) },
];

export function KeptCard({ provider }: { provider: string }): ReactElement {
  const record = useRecord(provider);
  return (
    <Card title="Deadlines kept" aside={<SourceNote source="index" updatedAt={record.dataUpdatedAt} />} flush>
      <Ask asked={record} what="record">
        {(found) => <Kept record={found} />}
      </Ask>
    </Card>
  );
}

function Kept({ record }: { record: ProviderRecord }): ReactElement {
  const { flags } = useNetwork();
  const { kept, all } = ended(record.weeks);
  const weeks = record.weeks.filter((week) => week.kept + week.missed > 0).toReversed();
  return (
    <>
      <div className="flex flex-col gap-3 p-4">
        <Facts
          items={[
            ["Last 12 weeks", all === 0 ? <Unknown key="n" why="none of its jobs ended in that time" /> : `${shareOf(record.weeks)}: ${count(kept)} of ${count(all)} jobs`],
            flags.economy && (["Canaries passed", record.score === null ? <Unknown key="s" why="no week of it was counted yet" /> : passed(record.score)] as const),
          ]}
        />
        <p className="text-[0.93rem] text-ink-2">A job counts as missed when its provider let a deadline pass or handed it back. Nobody measures whether a node is reachable all day, so no uptime is shown.</p>
      </div>
      {weeks.length > 0 && <Table caption="Deadlines kept by week" rows={weeks} columns={COLUMNS} keyOf={(week) => String(week.week_s)} />}
      <ListFoot rows={weeks} columns={COLUMNS} name="deadlines-kept" />
    </>
  );
}
