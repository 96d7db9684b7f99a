/** The curve of vesting, drawn by hand, with the same numbers as a table. */
import { type ReactElement, useState } from "react";
import { Amount, Button, Moment } from "../../components/basics";
import { type Column, CsvButton, Table } from "../../components/table";
import { dateTime, nvy } from "../../lib/format";
import { EPOCH_S } from "../../money/epochs";
import type { Point } from "../../money/vesting";

/** Height of the drawing's own grid; wei become whole steps of it, so no float touches an amount. */
const GRID = 10_000n;

export function Curve({ points, releasedWei, firstS, nowS }: { points: readonly Point[]; releasedWei: bigint; firstS: number; nowS: number }): ReactElement {
  const [asTable, setAsTable] = useState(false);
  const last = points.at(-1);
  const [start] = points;
  if (last === undefined || start === undefined) return <p className="text-ink-2">Nothing vests.</p>;
  const wholeWei = last.vestedWei + last.unvestedWei;
  const endS = firstS + last.week * EPOCH_S;
  const columns = columnsOf(points, firstS, nowS);
  return (
    <figure>
      <figcaption className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <span className="text-ink-2">
          {nvy(start.vestedWei)} of {nvy(wholeWei)} NVY have vested; all of it has <Moment unixS={endS} />.
        </span>
        <span className="flex gap-2">
          <Button kind="quiet" aria-pressed={asTable} onClick={() => setAsTable((shown) => !shown)}>
            {asTable ? "As a curve" : "As a table"}
          </Button>
          <CsvButton rows={points} columns={columns} name="vesting" />
        </span>
      </figcaption>
      {asTable ? <Table caption="What vests in each week" rows={points} columns={columns} keyOf={(point) => String(point.week)} /> : <Drawing points={points} wholeWei={wholeWei} releasedWei={releasedWei} firstS={firstS} nowS={nowS} endS={endS} />}
    </figure>
  );
}

interface DrawingProps {
  points: readonly Point[];
  wholeWei: bigint;
  releasedWei: bigint;
  firstS: number;
  nowS: number;
  endS: number;
}

function Drawing({ points, wholeWei, releasedWei, firstS, nowS, endS }: DrawingProps): ReactElement {
  const weeks = points.at(-1)?.week ?? 1;
  const x = (week: number): string => ((week / weeks) * 100).toFixed(2);
  const y = (wei: bigint): string => String(100 - Number((wei * GRID) / (wholeWei || 1n)) / 100);
  // A week's part comes at its beginning: steps, not a slope.
  const steps = points.map((point, index) => (index === 0 ? `M0 ${y(point.vestedWei)}` : `H${x(point.week)} V${y(point.vestedWei)}`)).join(" ");
  const here = Math.min(100, ((nowS - firstS) / (endS - firstS || 1)) * 100);
  const label = `Vested amount by week: ${nvy(points[0]?.vestedWei ?? 0n)} NVY now, ${nvy(wholeWei)} NVY on ${dateTime(endS)}.`;
  return (
    <div>
      <div className="flex justify-between text-[0.86rem] text-ink-3" aria-hidden="true">
        <span>{nvy(wholeWei)} NVY</span>
      </div>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={label} className="h-48 w-full border-b border-l border-line">
        {[25, 50, 75].map((line) => (
          <line key={line} x1="0" x2="100" y1={line} y2={line} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
        ))}
        <path d={`${steps} V100 H0 Z`} fill="var(--accent-soft)" />
        {releasedWei > 0n && <rect x="0" width="100" y={y(releasedWei)} height={100 - Number(y(releasedWei))} fill="var(--raised)" />}
        <path d={steps} fill="none" stroke="var(--accent)" strokeWidth="2" vectorEffect="non-scaling-stroke" />
        <line x1={here} x2={here} y1="0" y2="100" stroke="var(--ink-3)" strokeDasharray="3 3" vectorEffect="non-scaling-stroke" />
      </svg>
      <div className="flex justify-between text-[0.86rem] text-ink-3" aria-hidden="true">
        <span>this week</span>
        {weeks > 2 && <span>{dateTime(firstS + Math.floor(weeks / 2) * EPOCH_S).split(",")[0]}</span>}
        <span>{dateTime(endS).split(",")[0]}</span>
      </div>
      <p className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-[0.93rem] text-ink-2">
        <Key colour="var(--raised)">released</Key>
        <Key colour="var(--accent-soft)">vested</Key>
        <span>dashed: now</span>
      </p>
    </div>
  );
}

const Key = ({ colour, children }: { colour: string; children: string }): ReactElement => (
  <span className="inline-flex items-center gap-1.5">
    <span className="inline-block size-3 rounded-sm border border-line-strong" style={{ background: colour }} aria-hidden="true" />
    {children}
  </span>
);

function columnsOf(points: readonly Point[], firstS: number, nowS: number): Column<Point>[] {
  const fromS = ({ week }: Point): number => (week === 0 ? Math.floor(nowS) : firstS + week * EPOCH_S);
  const stepWei = ({ week, vestedWei }: Point): bigint | undefined => (week === 0 ? undefined : vestedWei - (points[week - 1]?.vestedWei ?? 0n));
  return [
    { label: "From", render: (point) => (point.week === 0 ? "now" : dateTime(fromS(point))), csv: (point) => new Date(fromS(point) * 1000).toISOString() },
    { label: "Becomes releasable", num: true, render: (point) => <Amount wei={stepWei(point)} why="it has vested already" />, csv: stepWei },
    { label: "Vested in all", num: true, render: (point) => <Amount wei={point.vestedWei} />, csv: (point) => point.vestedWei },
    { label: "Still vesting", num: true, render: (point) => <Amount wei={point.unvestedWei} />, csv: (point) => point.unvestedWei },
  ];
}
