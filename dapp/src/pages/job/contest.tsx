/** Challenging a result: shown while the court would take a challenge; what it costs, until when, what follows. */
import type { ReactElement } from "react";
import type { Hex } from "viem";
import { Amount, Card, Copy, Facts, Moment } from "../../components/basics";
import { SourceNote } from "../../components/states";
import { jobMarketAbi } from "../../generated/abis";
import { CLAIM_WORDS, type Claim, type Contest, challengeBond, contestCommand, contestOf } from "../../job/contest";
import { stateOf } from "../../job/lifecycle";
import { JOB_CLASSES } from "../../job/spec";
import { useChainNow } from "../../lib/clock";
import { useNetwork } from "../../lib/context";
import { rowsOf, useDisputes } from "../../queries";
import { useRead } from "../../queries/chain";
import { useRegistered } from "../../queries/registry";
import type { EventRow, JobRow } from "../../queries/rows";

const GUILTY = 7;

export function ContestCard({ row, events }: { row: JobRow; events: readonly EventRow[] }): ReactElement | null {
  const { flags } = useNetwork();
  return flags.audits ? <Offered row={row} events={events} /> : null;
}

function Offered({ row, events }: { row: JobRow; events: readonly EventRow[] }): ReactElement | null {
  const record = useRead("market", jobMarketAbi, "job", [row.job_id as Hex]);
  const disputes = useDisputes({ job_id: row.job_id });
  const model = useRegistered([row.model_id as Hex]).data?.[row.model_id];
  const now = useChainNow(5_000);
  const job = record.data;
  const state = job && stateOf(job.state);
  const jobClass = job && JOB_CLASSES[job.jobClass];
  if (!job || !state || !jobClass || !model || disputes.data === undefined) return null;
  const contest = contestOf(
    {
      state,
      jobClass,
      deadlineS: job.deadline,
      disputedWindowEndS: windowEndOf(events),
      isConvicted: rowsOf(disputes).some(({ phase }) => phase === GUILTY),
      isAudited: row.is_audited,
      isCertified: (model.certified as readonly string[]).includes(jobClass),
    },
    now,
  );
  return contest ? <Terms row={row} contest={contest} priceWei={job.price} lockWei={job.lock} updatedAt={record.dataUpdatedAt} /> : null;
}

/** A disputed job's window ends when its dispute says; the market has another deadline then. */
function windowEndOf(events: readonly EventRow[]): number | undefined {
  const facts = (events.findLast(({ name }) => name === "DisputeOpened")?.data as { facts?: { window_end_s?: unknown } } | undefined)?.facts;
  const said = Number(facts?.window_end_s);
  return Number.isSafeInteger(said) ? said : undefined;
}

function Terms({ row, contest, priceWei, lockWei, updatedAt }: { row: JobRow; contest: Contest; priceWei: bigint; lockWei: bigint; updatedAt: number }): ReactElement {
  const { untilS, isLate, claims } = contest;
  const [first, ...others] = claims as [Claim, ...Claim[]];
  return (
    <Card title="Challenge the result" aside={<SourceNote source="chain" updatedAt={updatedAt} />}>
      <div className="flex flex-col gap-3">
        <p>Is it not what the model gives? Anybody may have one operator of the calculation judged by drawn referees.</p>
        <Facts
          items={[
            ["It costs", <span key="c"><Amount wei={challengeBond(priceWei)} /> of bond, from your free balance in the market</span>],
            ["Until", <Moment key="u" unixS={untilS} />],
            ["If you are right", <span key="r">the bond returns{row.is_audited ? "" : ", with a part of what is taken from the provider, at most five times the price"}</span>],
            ["The client", isLate ? "gets a part of what is taken; the price was paid and does not return" : <span key="p">gets the price back, <Amount wei={priceWei} /></span>],
            ["The provider", isLate ? <span key="l">loses up to <Amount wei={lockWei} /> of free stake, and a part of the rest</span> : <span key="l">loses its lock, <Amount wei={lockWei} />, and a part of its stake</span>],
            ["If you are wrong", "the bond is lost: half goes to the provider, half to the referees"],
          ]}
        />
        <Command jobId={row.job_id} claim={first} />
        <details className="text-[0.93rem]">
          <summary>If something else is wrong</summary>
          <div className="mt-2 flex flex-col gap-3">
            {others.map((claim) => (
              <Command key={claim} jobId={row.job_id} claim={claim} />
            ))}
          </div>
        </details>
        <p className="text-[0.93rem] text-ink-2">The command first computes it again on your machine, and sends nothing where it finds nothing wrong. A wrong output has to be followed up by pointing at an operator in time; a node of the same account does that by itself.</p>
      </div>
    </Card>
  );
}

function Command({ jobId, claim }: { jobId: string; claim: Claim }): ReactElement {
  const text = contestCommand(jobId, claim);
  return (
    <div>
      <p>{CLAIM_WORDS[claim]}</p>
      <p className="mt-1 flex items-start gap-1">
        <code className="min-w-0 [overflow-wrap:anywhere]">{text}</code>
        <Copy value={text} what={`command for ${claim}`} />
      </p>
    </div>
  );
}
