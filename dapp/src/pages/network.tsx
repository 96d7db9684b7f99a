/** The network as a whole: who is there, what was done, what it cost, what just happened. */
import { type ReactElement, Suspense, lazy, useMemo } from "react";
import { Link } from "react-router";
import { Card, Hash, Moment, PageHead } from "../components/basics";
import { Chart, type Series } from "../components/chart";
import { Ask, Empty, Loading, SourceNote, StatBones } from "../components/states";
import { type Column, ListFoot, Table } from "../components/table";
import { wei } from "../lib/api";
import { useNetwork } from "../lib/context";
import { count, plain } from "../lib/format";
import { rowsOf, useEvents } from "../queries";
import { type DayRow, useDays } from "../queries/overview";
import type { EventRow } from "../queries/rows";
import { Weeks } from "./network/weeks";

// What reads the chain comes after the page: it is as large as the rest.
const Totals = lazy(() => import("./network/totals"));
const TOTALS = (
  <div className="grid gap-3 sm:grid-cols-3">
    <StatBones count={9} />
  </div>
);

export function Component(): ReactElement {
  const { flags } = useNetwork();
  return (
    <>
      <PageHead title="Network" lead="Sums over everything that is on the chain, made by this service's index." />
      <div className="flex flex-col gap-4">
        <Suspense fallback={<Loading what="totals" skeleton={TOTALS} />}>
          <Totals skeleton={TOTALS} />
        </Suspense>
        <History />
        {flags.economy && <Weeks />}
        <Activity />
      </div>
    </>
  );
}

const NVY = 1e18;
/** For drawing alone: a chart's pixel does not need eighteen digits. */
const drawn = (value: string | null): number | null => (value === null ? null : Number(BigInt(value) / 10n ** 12n) / (NVY / 1e12));

const DAY_COLUMNS: readonly Column<DayRow>[] = [
  { label: "day", render: () => null, csv: (day) => new Date(day.day_s * 1000).toISOString().slice(0, 10) },
  { label: "posted", render: () => null, csv: (day) => day.jobs_posted },
  { label: "settled", render: () => null, csv: (day) => day.jobs_settled },
  { label: "paid NVY", render: () => null, csv: (day) => wei(day.paid_wei) },
  ...(["p10", "p90"] as const).map((name): Column<DayRow> => ({ label: `${name} NVY`, render: () => null, csv: (day) => wei(day[`${name}_wei`] ?? "") })),
  { label: "median NVY", render: () => null, csv: (day) => (day.median_wei === null ? "" : wei(day.median_wei)) },
];

function History(): ReactElement {
  const days = useDays(30);
  const items = days.data?.items;
  const times = useMemo(() => items?.map((day) => day.day_s) ?? [], [items]);
  const jobs = useMemo<Series[]>(() => [{ label: "posted", values: items?.map((day) => day.jobs_posted) ?? [] }, { label: "paid", values: items?.map((day) => day.jobs_settled) ?? [] }], [items]);
  const prices = useMemo<Series[]>(
    () => [
      { label: "median", values: items?.map((day) => drawn(day.median_wei)) ?? [] },
      { label: "p10", values: items?.map((day) => drawn(day.p10_wei)) ?? [] },
      { label: "p90", values: items?.map((day) => drawn(day.p90_wei)) ?? [] },
    ],
    [items],
  );
  return (
    <Card title="Last 30 days" aside={<SourceNote source="index" updatedAt={days.dataUpdatedAt} />} flush>
      <Ask asked={days} what="history">
        {(found) => (
          <>
            <div className="grid gap-6 p-4 lg:grid-cols-2">
              <Chart title="Jobs a day (UTC)" timesS={times} series={jobs} format={(value) => count(Math.round(value))} />
              <Chart title="Price of a job, NVY" timesS={times} series={prices} format={(value) => value.toLocaleString("en-US", { maximumFractionDigits: 4 })} />
            </div>
            <ListFoot rows={found.items} columns={DAY_COLUMNS} name="days" />
          </>
        )}
      </Ask>
    </Card>
  );
}

const EVENT_COLUMNS: readonly Column<EventRow>[] = [
  { label: "When", render: (event) => <Moment unixS={event.time_s} />, csv: (event) => new Date(event.time_s * 1000).toISOString() },
  { label: "Event", render: (event) => plain(event.name.replace(/([a-z0-9])([A-Z])/g, "$1 $2"), 60), csv: (event) => event.name },
  { label: "About", render: (event) => <Subject value={event.subject} />, csv: (event) => plain(event.subject, 80) },
  { label: "Transaction", render: (event) => <Hash value={event.tx_hash} to={`/tx/${event.tx_hash}`} what="transaction hash" />, csv: (event) => event.tx_hash },
  { label: "Block", num: true, render: (event) => count(event.block_number), csv: (event) => event.block_number },
];

function Subject({ value }: { value: string }): ReactElement {
  if (/^0x[0-9a-fA-F]{64}$/.test(value)) return <Hash value={value} to={`/jobs/${value}`} what="id" />;
  if (/^0x[0-9a-fA-F]{40}$/.test(value)) return <Hash value={value} to={`/account/${value}`} what="address" />;
  if (/^[0-9]{6,78}$/.test(value)) return <Link to={`/gov/${value}`}>proposal</Link>;
  return <span className="text-ink-3">—</span>;
}

function Activity(): ReactElement {
  const list = useEvents({}, 50);
  const rows = rowsOf(list);
  return (
    <Card title="What just happened" aside={<SourceNote source="index" updatedAt={list.dataUpdatedAt} />} flush>
      <Ask asked={list} what="events" isEmpty={() => rows.length === 0} empty={<Empty>Nothing has happened on this chain yet.</Empty>}>
        {() => <Table caption="Newest events" rows={rows} columns={EVENT_COLUMNS} keyOf={(event) => `${event.block_number}.${event.log_index}`} />}
      </Ask>
      <ListFoot rows={rows} columns={EVENT_COLUMNS} name="events" more={list} />
    </Card>
  );
}
