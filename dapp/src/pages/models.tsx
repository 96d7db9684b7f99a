/** Models that jobs were posted for or that nodes hold: how often, at what price, by whom. */
import { type ReactElement, useMemo } from "react";
import { Link } from "react-router";
import { Card, Hash, Moment, PageHead, Unknown } from "../components/basics";
import { TimeToResult } from "../components/latency";
import { PriceBand } from "../components/price-band";
import { Ask, Empty, SourceNote } from "../components/states";
import { type Column, ListFoot, Table } from "../components/table";
import { useSamples } from "../hire/samples";
import { wei } from "../lib/api";
import { count, plain } from "../lib/format";
import { useStanding } from "../queries";
import { useManifest } from "../queries/models";
import { type ModelRow, useModels } from "../queries/overview";

interface Row extends ModelRow {
  holders: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { label: "Model", render: (model) => <Name id={model.model_id} />, csv: (model) => model.model_id },
  { label: "Id", render: (model) => <Hash value={model.model_id} to={`/models/${model.model_id}`} what="model id" head={6} /> },
  { label: "Jobs", num: true, render: (model) => count(model.jobs), csv: (model) => model.jobs },
  { label: "Paid", num: true, render: (model) => count(model.jobs_settled), csv: (model) => model.jobs_settled },
  { label: "Price of a job", num: true, render: (model) => <PriceBand band={model} />, csv: (model) => (model.median_wei === null ? "" : wei(model.median_wei)) },
  { label: "Time to result", num: true, render: (model) => <TimeToResult of={model} />, order: (model) => model.latency_s ?? undefined, csv: (model) => model.latency_s ?? "" },
  { label: "Held by", num: true, render: (model) => count(model.holders), csv: (model) => model.holders },
  { label: "Last job", num: true, render: (model) => (model.last_at_s ? <Moment unixS={model.last_at_s} /> : <Unknown why="no job yet" />) },
];

/** The name in a model's manifest: what its publisher called it, a claim and no proof. */
export function Name({ id }: { id: string }): ReactElement {
  const manifest = useManifest(id);
  const name = manifest.data && plain(manifest.data.name, 60);
  return <Link to={`/models/${id}`}>{name || "without a name"}</Link>;
}

export function Component(): ReactElement {
  const models = useModels();
  const standing = useStanding();
  const samples = useSamples();
  const rows = useMemo(() => {
    const holders = new Map<string, number>();
    for (const { offer } of standing.data?.offers ?? []) for (const { model_id } of offer.held) holders.set(model_id.toLowerCase(), (holders.get(model_id.toLowerCase()) ?? 0) + 1);
    const known = models.data?.items ?? [];
    const seen = new Set(known.map((model) => model.model_id.toLowerCase()));
    const others = [...holders.keys(), ...(samples.data?.samples.map((sample) => sample.model_id.toLowerCase()) ?? [])].filter((id, index, all) => !seen.has(id) && all.indexOf(id) === index);
    const unused = others.map((model_id): ModelRow => ({ model_id, jobs: 0, jobs_settled: 0, last_at_s: 0, providers: 0, p10_wei: null, median_wei: null, p90_wei: null, latency_s: null, latency_p90_s: null, latency_jobs: 0 }));
    return [...known, ...unused].map((model): Row => ({ ...model, holders: holders.get(model.model_id.toLowerCase()) ?? 0 }));
  }, [models.data, standing.data, samples.data]);
  return (
    <>
      <PageHead title="Models" lead="Names are claims of whoever published a model; the id is the hash of its description and cannot lie." actions={<Link to="/jobs/new" className="button">Bring your own</Link>} />
      <Card title="Known here" aside={<SourceNote source="index" updatedAt={models.dataUpdatedAt} />} flush>
        <Ask asked={models} what="models" isEmpty={() => rows.length === 0} empty={<Empty action={<Link to="/jobs/new" className="button">Upload one with a job</Link>}>No job was posted yet, and no node holds a model.</Empty>}>
          {() => <Table caption="Models" rows={rows} columns={COLUMNS} keyOf={(model) => model.model_id} />}
        </Ask>
        <ListFoot rows={rows} columns={COLUMNS} name="models" />
      </Card>
    </>
  );
}
