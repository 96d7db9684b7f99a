/** The dispute about a job, if there is one: who contests what, where it is, what was found. */
import type { ReactElement } from "react";
import { Addr, Amount, Card, Chip, Facts, Moment, type Tone } from "../../components/basics";
import { disputeCourtAbi } from "../../generated/abis";
import { wei } from "../../lib/api";
import { count } from "../../lib/format";
import { rowsOf, useDisputes } from "../../queries";
import { useRead } from "../../queries/chain";
import type { DisputeRow, JobRow } from "../../queries/rows";

const KINDS = ["the output is wrong", "the answer to the audit was forged", "the envelope does not hold the result", "the result cannot be had"];
/** By the number of a phase on chain: what is awaited, or how it ended. */
const PHASES: readonly (readonly [Tone, string])[] = [
  ["neutral", "not begun"],
  ["info", "the provider has to show its calculation"],
  ["info", "the challenger has to point at an operator"],
  ["info", "referees are being drawn"],
  ["info", "referees commit to their votes"],
  ["info", "referees open their votes"],
  ["warn", "a verdict stands and may be appealed"],
  ["bad", "the provider was found guilty"],
  ["good", "the provider was cleared"],
  ["neutral", "dropped"],
  ["neutral", "no verdict could be had"],
];
const FIRST_OVER = 7;
const VERDICTS = ["", "guilty: the calculation is wrong", "cleared: the calculation stands"];

export function Disputes({ row }: { row: JobRow }): ReactElement | null {
  const list = useDisputes({ job_id: row.job_id });
  const rows = rowsOf(list);
  if (rows.length === 0) return null;
  return (
    <>
      {rows.map((dispute) => (
        <Dispute key={dispute.dispute_id} dispute={dispute} />
      ))}
    </>
  );
}

function Dispute({ dispute }: { dispute: DisputeRow }): ReactElement {
  // The index knows how it ended; where it is before that is read from the court itself.
  const hasEnded = dispute.phase >= FIRST_OVER;
  const read = useRead("dispute_court", disputeCourtAbi, "disputeOf", hasEnded ? undefined : [BigInt(dispute.dispute_id)]);
  // What was read last stays in the cache: it is not so any more.
  const now = hasEnded ? undefined : read.data;
  const phase = now?.[1] ?? dispute.phase;
  const deadlineS = now?.[3] ?? dispute.deadline_s;
  const [tone, words] = PHASES[phase] ?? (["neutral", "in an unknown phase"] as const);
  const isOver = phase >= FIRST_OVER;
  return (
    <Card title={`Dispute ${dispute.dispute_id}`} aside={<Chip tone={tone}>{isOver ? words : "under way"}</Chip>}>
      {!isOver && phase > 0 && <p className="mb-3">Now {words}.</p>}
      <Facts
        items={[
          ["Claim", KINDS[dispute.kind] ?? "unknown"],
          ["Challenger", <Addr key="c" value={dispute.challenger} />],
          ["Provider", <Addr key="p" value={dispute.provider} />],
          ["Bond", <Amount key="b" wei={wei(dispute.bond_wei)} />],
          ["Round", dispute.level === 0 ? "first" : `appeal ${count(dispute.level)}`],
          VERDICTS[dispute.verdict] ? ["Referees say", VERDICTS[dispute.verdict]] : false,
          !isOver && deadlineS > 0 && (["Next deadline", <Moment key="d" unixS={deadlineS} />] as const),
        ]}
      />
      <p className="mt-3 text-[0.93rem] text-ink-2">
        Seven drawn referees judge one operator of the calculation; whoever misses a deadline loses. Step by step: <code>neurovoyance audit explain {dispute.job_id.slice(0, 10)}…</code>
      </p>
    </Card>
  );
}
