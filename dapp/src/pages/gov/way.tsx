/** The way of a proposal: pending, voting, queued, executed; or where it ended. */
import type { ReactElement, ReactNode } from "react";
import { Moment } from "../../components/basics";
import { Icon } from "../../components/icons";
import type { State } from "../../gov/proposals";
import { timelineOf } from "../../gov/timeline";
import type { ProposalNow } from "./reads";

const DONE: Record<State, number> = { Pending: 1, Active: 2, Canceled: 1, Defeated: 3, Succeeded: 3, Queued: 4, Expired: 4, Executed: 5 };
const ENDS: Partial<Record<State, string>> = { Canceled: "Cancelled", Defeated: "Defeated", Expired: "Expired" };

interface Step {
  label: string;
  at: ReactNode;
}

/** @param isVetoed whether the guardian cancelled it. */
export function Way({ now, bornS, endedS, isVetoed }: { now: ProposalNow; bornS: number; endedS: number; isVetoed: boolean }): ReactElement | null {
  const { state } = now;
  if (state === undefined) return null;
  const dates = timelineOf(now.snapshotS, now.deadlineS, now.timelockS, now.etaS);
  const ended = ENDS[state] && (isVetoed ? "Cancelled by the guardian" : ENDS[state]);
  const steps: Step[] = [
    { label: "Proposed", at: <Moment unixS={bornS} /> },
    { label: "Voting begins", at: <Moment unixS={dates.votesFromS} /> },
    { label: "Voting ends", at: <Moment unixS={dates.votesUntilS} /> },
    { label: state === "Queued" || state === "Executed" ? "Queued" : "To be queued", at: state === "Executed" ? "waited in the timelock" : state === "Queued" ? "waits in the timelock" : "by anybody" },
    { label: state === "Executed" ? "Executed" : "Executable", at: state === "Executed" ? <Moment unixS={endedS} /> : now.etaS ? <Moment unixS={now.etaS} /> : <>earliest <Moment unixS={dates.executableS} /></> },
  ];
  const done = DONE[state];
  const shown = ended ? [...steps.slice(0, done), { label: ended, at: state === "Canceled" ? <Moment unixS={endedS} /> : "" }] : steps;
  return (
    <ol className="grid gap-1 sm:auto-cols-fr sm:grid-flow-col">
      {shown.map(({ label, at }, index) => {
        const isEnd = ended !== undefined && index === done;
        const isDone = index < done;
        const here = index === done;
        const look = isDone ? "border-good text-good" : isEnd ? "border-bad text-bad" : here ? "border-info text-info" : "border-line text-ink-3";
        return (
          <li key={label} className={`border-l-4 py-1 pl-2 sm:border-t-4 sm:border-l-0 sm:pt-2 sm:pl-0 ${look}`} aria-current={here ? "step" : undefined}>
            <span className={`flex items-center gap-1.5 ${here ? "font-semibold" : ""}`}>
              <Icon name={isDone ? "check" : isEnd ? "cross" : "clock"} size={13} />
              {label}
              <span className="sr-only">{isDone ? ": done" : isEnd ? ": ended here" : here ? ": next" : ": to come"}</span>
            </span>
            <span className="block text-[0.9rem] text-ink-2">{at}</span>
          </li>
        );
      })}
    </ol>
  );
}
