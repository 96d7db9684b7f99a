/** How long results take: median and the ninetieth of a hundred, from assignment to reveal. */
import type { ReactElement } from "react";
import { count, span } from "../lib/format";
import type { Latency } from "../queries/overview";
import { Unknown } from "./basics";

export const LATENCY_WORDS = "median, from assignment to reveal";

export function TimeToResult({ of }: { of: Latency }): ReactElement {
  if (of.latency_s === null) return <Unknown why="no job of it was settled yet" />;
  return (
    <span className="whitespace-nowrap" title={`${LATENCY_WORDS}, of the newest ${count(of.latency_jobs)} settled jobs, by block times`}>
      {span(of.latency_s)}
      {of.latency_p90_s !== null && of.latency_p90_s !== of.latency_s && <span className="text-ink-3"> (9 of 10 within {span(of.latency_p90_s)})</span>}
    </span>
  );
}
