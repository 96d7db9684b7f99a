/** One job: where it is, whose move it is, where the money is, the checked result, what can be done. */
import type { ReactElement } from "react";
import { Link, useParams } from "react-router";
import { Addr, Card, Facts, Hash, Moment, Notice, PageHead } from "../components/basics";
import { JobStateChip, useJobState } from "../components/job-state";
import { Ask, SourceNote } from "../components/states";
import { type JobState, isFinal, wordsOf } from "../job/lifecycle";
import { JOB_CLASSES } from "../job/spec";
import { ApiError } from "../lib/api";
import { useChainNow } from "../lib/clock";
import { shortHex, span } from "../lib/format";
import { rowsOf, useEvents, useJob } from "../queries";
import type { JobRow } from "../queries/rows";
import { sameAddress } from "../hire/draft";
import { useAccount } from "../wallet/gate";
import { Actions } from "./job/actions";
import { Checks } from "./job/checks";
import { ContestCard } from "./job/contest";
import { Disputes } from "./job/dispute";
import { MoneyCard } from "./job/money";
import { Receipt } from "./job/receipt";
import { Result } from "./job/result";
import { Log, Timeline } from "./job/timeline";
import { NotFound } from "./not-found";

const EVENTS = 200;
const PATIENCE_S = 30;

export function Component(): ReactElement {
  const { id = "" } = useParams();
  const isId = /^0x[0-9a-fA-F]{64}$/.test(id);
  return isId ? <Job id={id.toLowerCase()} /> : <NotFound what="job" id={id} />;
}

function Job({ id }: { id: string }): ReactElement {
  const job = useJob(id);
  const list = useEvents({ subject: id }, EVENTS);
  const events = rowsOf(list).toReversed();
  if (job.data === undefined && job.error instanceof ApiError && job.error.status === 404) return <NotFound what="job" id={id} />;
  return (
    <>
      <PageHead
        title={<>Job <code>{shortHex(id, 10, 6)}</code></>}
        actions={
          <Link to={`/jobs/new?from=${id}`} className="button">
            Run again with changes
          </Link>
        }
      />
      <Ask asked={job} what="job">
        {(row) => (
          <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
            <div className="flex min-w-0 flex-col gap-4">
              <StateCard row={row} />
              <Disputes row={row} />
              <Result row={row} events={events} />
              <Checks row={row} events={events} />
              <Card title="What happened" aside={<SourceNote source="index" updatedAt={list.dataUpdatedAt} />} flush>
                <Ask asked={list} what="events">{() => <Log events={events} />}</Ask>
              </Card>
            </div>
            <div className="flex flex-col gap-4">
              <MoneyCard row={row} events={events} />
              <FactsCard row={row} />
              <Actions row={row} events={events} />
              <ContestCard row={row} events={events} />
              <Receipt row={row} events={events} />
            </div>
          </div>
        )}
      </Ask>
    </>
  );
}

function StateCard({ row }: { row: JobRow }): ReactElement {
  const state = useJobState(row);
  const words = state && wordsOf(state, row.provider);
  // A deadline that passed is told until somebody acts on it; then nothing is to come.
  const isDone = state !== undefined && isFinal(state) && state === row.state;
  const you = useAccount();
  const yours = sameAddress(you, row.client);
  return (
    <Card title="State" aside={<JobStateChip row={row} />}>
      <Timeline row={row} />
      {words && (
        <p className="mt-3" role="status">
          {words.now} {words.next && !isDone && `${yours ? "Your money" : "The client's money"} is ${words.next.replace(/^yours/, yours ? "yours" : "the client's")}.`}
        </p>
      )}
      {state && !isFinal(state) && row.deadline_s > 0 && (
        <p className="mt-1 text-ink-2">
          Next deadline <Moment unixS={row.deadline_s} />, by the chain's clock.
        </p>
      )}
      {yours && state && <Patience row={row} state={state} />}
      {yours && state === "Cancelled" && row.provider !== "" && (
        <Link to={`/jobs/new?from=${row.job_id}`} className="button mt-3">
          Hire another provider
        </Link>
      )}
    </Card>
  );
}

/** After half a minute without a step nobody has to go on waiting. */
function Patience({ row, state }: { row: JobRow; state: JobState }): ReactElement | null {
  const waitedS = useChainNow(5_000) - row.changed_at_s;
  if (waitedS < PATIENCE_S || !(state === "Open" || state === "Assigned" || state === "Committed")) return null;
  return (
    <div className="mt-3">
      <Notice
        tone="info"
        title={state === "Open" ? `Nobody took it for ${span(waitedS)}` : `No sign of the provider for ${span(waitedS)}`}
        actions={
          <Link to={`/jobs/new?from=${row.job_id}`} className="button">
            {state === "Open" ? "List it at another price" : "Hire another provider"}
          </Link>
        }
      >
        {state === "Open" ? "You can withdraw it at any time: everything comes back." : "It may still deliver. If it does not, your money comes back after the deadline, with a button here; you need not wait for that to hire another."}
      </Notice>
    </div>
  );
}

function FactsCard({ row }: { row: JobRow }): ReactElement {
  const you = useAccount();
  const spec = row.spec ?? {};
  return (
    <Card title="Facts">
      <Facts
        items={[
          ["Model", <Hash key="m" value={row.model_id} to={`/models/${row.model_id}`} what="model id" />],
          ["Client", <Addr key="c" value={row.client} you={sameAddress(row.client, you)} />],
          ["Provider", <Addr key="p" value={row.provider} you={sameAddress(row.provider, you)} />],
          ["Class", JOB_CLASSES[row.job_class] ?? "—"],
          ["Inputs in one run", row.batch],
          ["Longest runtime", spec.max_runtime_s === undefined ? "—" : span(Number(spec.max_runtime_s))],
          ["Challenge window", spec.window_s === undefined ? "—" : span(Number(spec.window_s))],
          ["Audited", row.is_audited ? "yes, chance drew it" : "not so far"],
        ]}
      />
      {row.spec === null && <Notice tone="info" title="The spec is known by its hash alone">It was posted without its text.</Notice>}
    </Card>
  );
}

