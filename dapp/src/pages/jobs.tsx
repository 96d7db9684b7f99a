/** All jobs, or one's own: filtered, with what each cost. */
import { type ReactElement, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { Addr, Amount, Card, Field, Hash, Moment, PageHead } from "../components/basics";
import { JobStateChip } from "../components/job-state";
import { Ask, Empty, SourceNote } from "../components/states";
import { type Column, ListFoot, Table } from "../components/table";
import { JOB_STATES, STATE_WORDS } from "../job/lifecycle";
import { wei } from "../lib/api";
import { rowsOf, useJobs } from "../queries";
import type { JobRow } from "../queries/rows";
import { useAccount } from "../wallet/gate";

export const JOB_COLUMNS: readonly Column<JobRow>[] = [
  { label: "Job", render: (job) => <Hash value={job.job_id} to={`/jobs/${job.job_id}`} what="job id" />, csv: (job) => job.job_id },
  { label: "State", render: (job) => <JobStateChip row={job} />, csv: (job) => job.state },
  { label: "Model", render: (job) => <Hash value={job.model_id} to={`/models/${job.model_id}`} what="model id" head={6} />, csv: (job) => job.model_id },
  { label: "Client", render: (job) => <Addr value={job.client} />, csv: (job) => job.client },
  { label: "Provider", render: (job) => <Addr value={job.provider} />, csv: (job) => job.provider },
  { label: "Price", num: true, render: (job) => <Amount wei={wei(job.price_wei) || undefined} why="not agreed yet" />, csv: (job) => wei(job.price_wei) },
  { label: "Posted", num: true, render: (job) => <Moment unixS={job.born_at_s} />, csv: (job) => new Date(job.born_at_s * 1000).toISOString() },
];

type Whose = "all" | "client" | "provider";

export function Component(): ReactElement {
  const account = useAccount();
  const [params, setParams] = useSearchParams();
  const [whose, setWhose] = useState<Whose>(params.get("whose") === "client" ? "client" : "all");
  const state = params.get("state") ?? "";
  const model = params.get("model") ?? "";
  const list = useJobs({ state, model_id: /^0x[0-9a-fA-F]{64}$/.test(model) ? model : undefined, ...(account && whose !== "all" ? { [whose]: account } : {}) });
  const rows = rowsOf(list);
  const put = (name: string, value: string): void => {
    const next = new URLSearchParams(params);
    if (value) next.set(name, value);
    else next.delete(name);
    setParams(next, { replace: true });
  };
  return (
    <>
      <PageHead title="Jobs" actions={<Link to="/jobs/new" className="button button-primary">New job</Link>} />
      <Card flush title="List" aside={<SourceNote source="index" updatedAt={list.dataUpdatedAt} />}>
        <div className="grid gap-3 border-b border-line p-4 sm:grid-cols-3">
          <Field label="Whose">
            {(field) => (
              <select {...field} className="input" value={whose} onChange={(event) => setWhose(event.target.value as Whose)}>
                <option value="all">Everybody's</option>
                <option value="client" disabled={!account}>
                  Mine, as client{account ? "" : " (connect a wallet)"}
                </option>
                <option value="provider" disabled={!account}>
                  Mine, as provider{account ? "" : " (connect a wallet)"}
                </option>
              </select>
            )}
          </Field>
          <Field label="State">
            {(field) => (
              <select {...field} className="input" value={state} onChange={(event) => put("state", event.target.value)}>
                <option value="">Any</option>
                {JOB_STATES.filter((name) => name !== "None").map((name) => (
                  <option key={name} value={name}>
                    {STATE_WORDS[name].title}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Model" error={model !== "" && !/^0x[0-9a-fA-F]{64}$/.test(model) ? "A model id is 0x and 64 hexadecimal digits." : undefined}>
            {(field) => <input {...field} className="input font-mono" value={model} placeholder="0x…" spellCheck={false} onChange={(event) => put("model", event.target.value.trim())} />}
          </Field>
        </div>
        <Ask
          asked={list}
          what="jobs"
          isEmpty={() => rows.length === 0}
          empty={<Empty action={<Link to="/jobs/new" className="button">Post a job</Link>}>{state || model || whose !== "all" ? "No job fits these filters." : "Nobody has posted a job on this network yet."}</Empty>}
        >
          {() => <Table caption="Jobs" rows={rows} columns={JOB_COLUMNS} keyOf={(job) => job.job_id} />}
        </Ask>
        <ListFoot rows={rows} columns={JOB_COLUMNS} name="jobs" more={list} />
      </Card>
    </>
  );
}
