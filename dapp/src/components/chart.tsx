/** A chart of numbers over time, with the same numbers as a table for whoever does not see it. */
import { type ReactElement, useEffect, useRef, useState } from "react";
import { dateTime } from "../lib/format";
import { Button } from "./basics";
import { Empty } from "./states";

export interface Series {
  label: string;
  /** One value per time; null where nothing is known. */
  values: readonly (number | null)[];
}

interface ChartProps {
  title: string;
  /** Unix seconds, ascending. */
  timesS: readonly number[];
  series: readonly Series[];
  format?: (value: number) => string;
  heightPx?: number;
}

const COLOURS = ["--accent", "--info", "--warn", "--ink-3"];

export function Chart(props: ChartProps): ReactElement {
  const [asTable, setAsTable] = useState(false);
  if (props.timesS.length < 2) return <Empty>There is too little history for a chart yet; it draws itself from two points on.</Empty>;
  return (
    <figure>
      <figcaption className="mb-2 flex items-center justify-between gap-2">
        <span className="text-ink-2">{props.title}</span>
        <Button kind="quiet" onClick={() => setAsTable((shown) => !shown)} aria-pressed={asTable}>
          {asTable ? "As a chart" : "As a table"}
        </Button>
      </figcaption>
      {asTable ? <Numbers {...props} /> : <Drawing {...props} />}
    </figure>
  );
}

function Drawing({ title, timesS, series, format, heightPx = 180 }: ChartProps): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let plot: { destroy: () => void; setSize: (size: { width: number; height: number }) => void } | undefined;
    let gone = false;
    const colour = (name: string): string => colourOf(element, name);
    void import("./uplot").then(({ UPlot }) => {
      if (gone) return;
      const axis = { stroke: colour("--ink-2"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
      plot = new UPlot(
        {
          width: element.clientWidth,
          height: heightPx,
          cursor: { y: false },
          legend: { show: series.length > 1 },
          axes: [axis, { ...axis, size: 64, values: (_self: unknown, ticks: number[]) => ticks.map((tick) => format?.(tick) ?? String(tick)) }],
          series: [{}, ...series.map((one, index) => ({ label: one.label, stroke: colour(COLOURS[index % COLOURS.length] ?? "--accent"), width: 2, spanGaps: false }))],
        },
        [timesS as number[], ...series.map((one) => one.values as (number | null)[])],
        element,
      );
    });
    const watch = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: heightPx }));
    watch.observe(element);
    return () => {
      gone = true;
      watch.disconnect();
      plot?.destroy();
    };
  }, [timesS, series, format, heightPx]);
  // Contained, so that the drawing's width never holds its box open when the window shrinks.
  return <div ref={box} className="[contain:inline-size]" role="img" aria-label={`Chart: ${title}. The same numbers are in the table.`} style={{ minHeight: heightPx }} />;
}

/** A token's colour in the theme that is on: a canvas does not know variables. */
function colourOf(element: HTMLElement, name: string): string {
  const before = element.style.color;
  element.style.color = `var(${name})`;
  const found = getComputedStyle(element).color;
  element.style.color = before;
  return found;
}

function Numbers({ title, timesS, series, format }: ChartProps): ReactElement {
  return (
    <div className="max-h-72 overflow-auto" tabIndex={0} role="region" aria-label={title}>
      <table className="data">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map((one) => (
              <th key={one.label} scope="col" className="num">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {timesS.map((time, row) => (
            <tr key={time}>
              <td>{dateTime(time)}</td>
              {series.map((one) => {
                const value = one.values[row];
                return (
                  <td key={one.label} className="num">
                    {value === null || value === undefined ? "—" : (format?.(value) ?? value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
