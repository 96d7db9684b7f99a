/** Emission and burn by week of the economy, and so far. */
import { type ReactElement, useMemo } from "react";
import { Amount, Card, Facts } from "../../components/basics";
import { Chart, type Series } from "../../components/chart";
import { Ask, SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { wei } from "../../lib/api";
import { dateTime } from "../../lib/format";
import { type WeekRow, useWeeks } from "../../queries/records";

const NANO = 10n ** 9n;
/** Height on a drawing alone: exact amounts are in the table below it. */
const height = (text: string): number => Number(wei(text) / NANO) / 1e9;
const drawn = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 4 });

const COLUMNS: readonly Column<WeekRow>[] = [
  { label: "Week of", render: (week) => dateTime(week.start_s).split(",")[0], csv: (week) => new Date(week.start_s * 1000).toISOString().slice(0, 10) },
  { label: "Emission claimed", num: true, render: (week) => <Amount wei={wei(week.emission_wei)} />, csv: (week) => wei(week.emission_wei) },
  { label: "For work", num: true, render: (week) => <Amount wei={wei(week.work_wei)} />, csv: (week) => wei(week.work_wei) },
  { label: "For availability", num: true, render: (week) => <Amount wei={wei(week.avail_wei)} />, csv: (week) => wei(week.avail_wei) },
  { label: "Fees split", num: true, render: (week) => <Amount wei={wei(week.fees_wei)} />, csv: (week) => wei(week.fees_wei) },
  { label: "Burned of them", num: true, render: (week) => <Amount wei={wei(week.burned_wei)} />, csv: (week) => wei(week.burned_wei) },
];
const hasMoved = (week: WeekRow): boolean => [week.emission_wei, week.fees_wei].some((amount) => wei(amount) > 0n);

export function Weeks(): ReactElement {
  const weeks = useWeeks(true);
  const items = weeks.data?.items;
  // From the first week in which something moved; an economy that is new has no past to draw.
  const shown = useMemo(() => items?.slice(Math.max(0, Math.min(items.findIndex(hasMoved), items.length - 1))) ?? [], [items]);
  const times = useMemo(() => shown.map((week) => week.start_s), [shown]);
  const series = useMemo<Series[]>(() => [{ label: "emission claimed", values: shown.map((week) => height(week.emission_wei)) }, { label: "burned", values: shown.map((week) => height(week.burned_wei)) }], [shown]);
  const rows = useMemo(() => shown.filter(hasMoved).toReversed(), [shown]);
  return (
    <Card title="Emission and burn" aside={<SourceNote source="index" updatedAt={weeks.dataUpdatedAt} />} flush>
      <Ask asked={weeks} what="weeks of the economy">
        {(found) => (
          <>
            <div className="flex flex-col gap-3 p-4">
              <Facts
                items={[
                  ["Emission claimed so far", <Amount key="e" wei={wei(found.emission_wei)} decimals={6} />],
                  ["Burned so far", <Amount key="b" wei={found.burned_wei === null ? undefined : wei(found.burned_wei)} decimals={6} why="the index's books do not balance" />],
                ]}
              />
              <p className="text-[0.93rem] text-ink-2">A week is one of the economy. What providers claim or split later is added to the week in which it was earned, so the newest weeks still grow.</p>
              {rows.length > 0 && shown.length > 1 && <Chart title="NVY a week" timesS={times} series={series} format={drawn} />}
            </div>
            {rows.length > 0 && <Table caption="Emission and burn by week" rows={rows} columns={COLUMNS} keyOf={(week) => String(week.epoch)} />}
          </>
        )}
      </Ask>
      <ListFoot rows={rows} columns={COLUMNS} name="weeks-of-the-economy" />
    </Card>
  );
}
