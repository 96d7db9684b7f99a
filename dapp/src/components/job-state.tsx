/** The state of a job as a chip: what is true now, with deadlines of the chain counted in. */
import type { ReactElement } from "react";
import { FINAL, type JobState, effectiveState, isState, wordsOf } from "../job/lifecycle";
import { useChainNow } from "../lib/clock";
import { plain } from "../lib/format";
import { Chip, type Tone } from "./basics";

const TONES: Partial<Record<JobState, Tone>> = { Open: "info", Assigned: "info", Committed: "info", Drawn: "info", Audited: "info", Revealed: "good", Accepted: "good", Settled: "good", Disputed: "warn", Cancelled: "neutral", Unmatched: "neutral" };

/** The state of a row of the index at this moment. */
export function useJobState(row: { state: string; deadline_s: number }): JobState | undefined {
  const now = useChainNow(5_000);
  return isState(row.state) ? effectiveState(row.state, row.deadline_s, now) : undefined;
}

export function JobStateChip({ row }: { row: { state: string; provider: string; deadline_s: number } }): ReactElement {
  const state = useJobState(row);
  if (state === undefined) return <Chip>{plain(row.state, 40)}</Chip>;
  const words = wordsOf(state, row.provider);
  return (
    <Chip tone={TONES[state] ?? "bad"} icon={state in TONES && !FINAL.has(state) && TONES[state] === "info" ? "clock" : undefined} title={words.now}>
      {words.title}
    </Chip>
  );
}
