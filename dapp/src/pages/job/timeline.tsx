/** The way of a job as steps, and every event of it. */
import type { ReactElement } from "react";
import { Hash, Moment } from "../../components/basics";
import { Icon } from "../../components/icons";
import { useJobState } from "../../components/job-state";
import { Empty } from "../../components/states";
import { type JobState, STATE_WORDS, isRefunded } from "../../job/lifecycle";
import { count, plain } from "../../lib/format";
import type { EventRow, JobRow } from "../../queries/rows";

const STEPS = ["Posted", "Computing", "Committed", "Result revealed", "Paid"] as const;

/** How many steps are done in a state; the next one is under way. */
const DONE: Partial<Record<JobState, number>> = { Open: 1, Unmatched: 1, Cancelled: 1, Assigned: 1, ProviderCommitTimeout: 1, Invalid: 1, Committed: 3, Drawn: 3, Audited: 3, ProviderRevealTimeout: 3, ProviderAnswerTimeout: 3, AuditorTimeout: 3, Revealed: 4, Disputed: 4, Rejected: 4, ProviderTraceTimeout: 4, RefereeTimeout: 4, ChallengerTimeout: 4, Accepted: 4, Settled: 5 };

export function Timeline({ row }: { row: JobRow }): ReactElement {
  const state = useJobState(row);
  const done = (state && DONE[state]) ?? 0;
  const failed = state !== undefined && isRefunded(state);
  return (
    <ol className="grid gap-1 sm:grid-cols-5">
      {STEPS.map((label, index) => {
        const here = index === done;
        const look = index < done ? "border-good text-good" : here && failed ? "border-bad text-bad" : here ? "border-info text-info" : "border-line text-ink-3";
        return (
          <li key={label} className={`flex items-center gap-2 border-l-4 py-1 pl-2 sm:border-t-4 sm:border-l-0 sm:pt-2 sm:pl-0 ${look}`} aria-current={here ? "step" : undefined}>
            <Icon name={index < done ? "check" : here && failed ? "cross" : "clock"} size={13} />
            <span className={here ? "font-semibold" : ""}>
              {here && failed && state ? STATE_WORDS[state].title : label}
              <span className="sr-only">{index < done ? ": done" : here && failed ? ": failed here" : here ? ": under way" : ": to come"}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

const WORDS: Record<string, string> = {
  JobPosted: "The client listed the job",
  JobAssigned: "A provider has it",
  JobCommitted: "The provider is bound to a result",
  SeedDrawn: "Chance decided about an audit",
  AuditOpened: "An audit began",
  JobRevealed: "The result became public",
  JobConfirmed: "The client confirmed",
  JobSettled: "The provider was paid",
  JobCancelled: "Withdrawn; the money went back",
  JobExpired: "A deadline passed and the money went back",
  JobInvalid: "No finite result; the money went back",
};

export function Log({ events }: { events: readonly EventRow[] }): ReactElement {
  if (events.length === 0) return <Empty>No event of this job is indexed yet.</Empty>;
  const wasTaken = events.some(({ name }) => name === "JobAssigned");
  return (
    <ol>
      {events.map((event) => (
        <li key={`${event.block_number}.${event.log_index}`} className="border-b border-line px-4 py-2 last:border-0">
          <details>
            <summary className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="font-medium">{(event.name === "JobCancelled" && wasTaken ? "The provider handed it back" : WORDS[event.name]) ?? plain(event.name.replace(/([a-z0-9])([A-Z])/g, "$1 $2"), 60)}</span>
              <span className="ml-auto text-ink-2">
                <Moment unixS={event.time_s} />, block {count(event.block_number)}
              </span>
            </summary>
            <div className="mt-2">
              <Hash value={event.tx_hash} to={`/tx/${event.tx_hash}`} what="transaction hash" />
              <pre className="mt-1 max-h-60 overflow-auto rounded bg-raised p-2 text-[0.82rem] whitespace-pre-wrap" tabIndex={0}>
                {plainJson(event.data)}
              </pre>
            </div>
          </details>
        </li>
      ))}
    </ol>
  );
}

const JSON_MAX = 8_000;
export const plainJson = (value: unknown): string => {
  const text = JSON.stringify(value, null, 2) ?? "";
  return text
    .slice(0, JSON_MAX)
    .split("\n")
    .map((line) => plainLine(line))
    .join("\n");
};
const plainLine = (line: string): string => line.match(/^ */)?.[0] + plain(line, 2_000);

