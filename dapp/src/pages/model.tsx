/** One model: what goes in and out, how results are compared, prices, who has it ready. */
import { type ReactElement, useMemo } from "react";
import { Link, useParams } from "react-router";
import { Addr, Amount, Card, Chip, Copy, Facts, Hash, PageHead, Unknown } from "../components/basics";
import { Chart } from "../components/chart";
import { LATENCY_WORDS, TimeToResult } from "../components/latency";
import { PriceBand } from "../components/price-band";
import { Ask, Empty, SourceNote } from "../components/states";
import { type Column, ListFoot, Table } from "../components/table";
import { cidOfModelId } from "../job/cid";
import type { Manifest } from "../job/manifest";
import { tauText } from "../job/terms";
import { wei } from "../lib/api";
import { useNetwork } from "../lib/context";
import { bytes, count, plain, shortHex } from "../lib/format";
import { rowsOf, useJobs, usePrices, useStanding } from "../queries";
import { useManifest } from "../queries/models";
import { useModels } from "../queries/overview";
import { useRegistered } from "../queries/registry";
import type { PriceRow, StandingOffer } from "../queries/rows";
import { JOB_COLUMNS } from "./jobs";
import { minutePrice } from "./nodes";
import { StandingCard, StandingNotice } from "./model/standing";
import { NotFound } from "./not-found";

export function Component(): ReactElement {
  const { id = "" } = useParams();
  return /^0x[0-9a-fA-F]{64}$/.test(id) ? <Model id={id.toLowerCase()} /> : <NotFound what="model" id={id} />;
}

function Model({ id }: { id: string }): ReactElement {
  const manifest = useManifest(id);
  const { flags } = useNetwork();
  const registered = useRegistered([id as `0x${string}`]);
  const standing = registered.data?.[id];
  return (
    <>
      <PageHead
        title={plain(manifest.data?.name ?? "", 80) || <>Model <code>{shortHex(id)}</code></>}
        actions={
          standing?.state !== "suspended" && (
            <Link to={`/jobs/new?model=${id}`} className="button button-primary">
              Run it
            </Link>
          )
        }
      />
      {standing && standing.state !== "registered" && standing.state !== "unregistered" && (
        <div className="mb-4">
          <StandingNotice model={standing} />
        </div>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card title="What it is" flush>
          <Ask asked={manifest} what="model's description">
            {(found) => (
              <div className="p-4">
                <What manifest={found} />
              </div>
            )}
          </Ask>
        </Card>
        <div className="flex flex-col gap-4">
          <Card title="How results are compared" flush>
            <Ask asked={manifest} what="certificate">
              {(found) => <Compared manifest={found} />}
            </Ask>
          </Card>
          {flags.audits && <StandingCard id={id} asked={registered} />}
        </div>
        <Used id={id} />
        <Prices id={id} />
        <Holders id={id} />
        <Snippet id={id} />
        <Jobs id={id} />
      </div>
    </>
  );
}

const shapes = (tensors: Manifest["inputs"]): ReactElement[] =>
  tensors.map(({ name, dtype, shape }) => (
    <code key={name} className="block">
      {plain(name, 60)}: {dtype} [{shape.map((dim) => plain(dim, 20)).join(", ")}]
    </code>
  ));

function What({ manifest }: { manifest: Manifest }): ReactElement {
  return (
    <Facts
      items={[
        ["Id", <Hash key="i" value={manifest.modelId} what="model id" />],
        ["Takes", <span key="t">{shapes(manifest.inputs)}</span>],
        ["Returns", <span key="r">{shapes(manifest.tensors)}</span>],
        ["Format", `${manifest.format.toUpperCase()}, opset ${manifest.opset}`],
        ["Size", bytes(Number(manifest.size_bytes))],
        ["Content", <Hash key="c" value={manifest.model_cid} what="CID" />],
        ["Description", <Hash key="d" value={cidOfModelId(manifest.modelId).text} what="CID" />],
      ]}
    />
  );
}

function Compared({ manifest }: { manifest: Manifest }): ReactElement {
  const { certificate } = manifest;
  if (certificate === null) return <Empty>It has no certificate, so its jobs cannot be audited; class {manifest.job_class}. Its owner can measure one with <code>neurovoyance model calibrate</code>.</Empty>;
  return (
    <div className="p-4">
      <Facts
        items={[
          ["Class", manifest.job_class],
          ["Tolerance (tau)", <code key="t">{tauText(manifest.terms.tauSq)}</code>],
          ["Honest machines differ by", <code key="h">at most {certificate.honest_max[0] ? plain(certificate.honest_max[0].value, 20) : "—"}</code>],
          ["The nearest cheat by", <code key="n">{certificate.cheat_min[0] ? plain(certificate.cheat_min[0].value, 20) : "—"}</code>],
          ["Measured over", `${plain(certificate.inputs_count, 12)} inputs`],
          ["Tensors compared", count(certificate.verify.length)],
        ]}
      />
    </div>
  );
}

/** What jobs of it were like. */
function Used({ id }: { id: string }): ReactElement {
  const models = useModels();
  return (
    <Card title="How it was used" aside={<SourceNote source="index" updatedAt={models.dataUpdatedAt} />} flush className="lg:col-span-2">
      <Ask asked={models} what="model's record">
        {({ items }) => {
          const model = items.find(({ model_id }) => model_id.toLowerCase() === id);
          if (model === undefined) return <Empty>No job has run it yet.</Empty>;
          return (
            <div className="p-4">
              <Facts
                items={[
                  ["Jobs", `${count(model.jobs)}, ${count(model.jobs_settled)} of them paid`],
                  ["Price of a job", <PriceBand key="p" band={model} />],
                  ["Time to result", <span key="t"><TimeToResult of={model} /> <span className="text-ink-3">{LATENCY_WORDS}</span></span>],
                ]}
              />
            </div>
          );
        }}
      </Ask>
    </Card>
  );
}

/** For the file; the chart shows them. */
const PRICE_COLUMNS: readonly Column<PriceRow>[] = [
  { label: "time", render: () => null, csv: (row) => new Date(row.time_s * 1000).toISOString() },
  { label: "price NVY", render: () => null, csv: (row) => wei(row.price_wei) },
  { label: "job", render: () => null, csv: (row) => row.job_id },
];

function Prices({ id }: { id: string }): ReactElement {
  const list = usePrices({ model_id: id }, 200);
  const rows = rowsOf(list).toReversed();
  const times = useMemo(() => rows.map((row) => row.time_s), [rows]);
  const series = useMemo(() => [{ label: "price of a job", values: rows.map((row) => Number(wei(row.price_wei) / 10n ** 12n) / 1e6) }], [rows]);
  return (
    <Card title="Agreed prices" flush>
      <Ask asked={list} what="prices" isEmpty={() => rows.length === 0} empty={<Empty>Nobody has paid for it yet.</Empty>}>
        {() => (
          <>
            <div className="p-4">
              <Chart title="NVY, each agreed price" timesS={times} series={series} format={(value) => value.toLocaleString("en-US", { maximumFractionDigits: 4 })} />
            </div>
            <ListFoot rows={rows} columns={PRICE_COLUMNS} name="prices-of-model" more={list} />
          </>
        )}
      </Ask>
    </Card>
  );
}

interface Holder {
  offer: StandingOffer["offer"];
  held: { model_id: string; load_ms: number | null };
}

const HOLDER_COLUMNS: readonly Column<Holder>[] = [
  { label: "Provider", render: ({ offer }) => <Link to={`/nodes/${offer.provider}`}><Addr value={offer.provider} link={false} /></Link>, csv: ({ offer }) => offer.provider },
  { label: "Load, ms", num: true, render: ({ held }) => (held.load_ms === null ? <Unknown why="not measured yet" /> : count(held.load_ms)), csv: ({ held }) => held.load_ms ?? undefined },
  { label: "A job of 1 min", num: true, render: ({ offer }) => <Amount wei={minutePrice(offer)} />, csv: ({ offer }) => minutePrice(offer) },
  { label: "Free slots", num: true, render: ({ offer }) => (offer.occupied < offer.slots ? <Chip tone="good">{offer.slots - offer.occupied}</Chip> : <Chip tone="warn">busy</Chip>), csv: ({ offer }) => Math.max(0, offer.slots - offer.occupied) },
];

function Holders({ id }: { id: string }): ReactElement {
  const standing = useStanding();
  const rows = (standing.data?.offers ?? []).map(({ offer }) => ({ offer, held: offer.held.find(({ model_id }) => model_id.toLowerCase() === id) })).filter((row): row is Holder => row.held !== undefined);
  return (
    <Card title="Who has it ready" flush>
      <Ask asked={standing} what="offers" isEmpty={() => rows.length === 0} empty={<Empty>No node says that it holds it. Any node fetches it before it accepts a job, which takes longer the first time.</Empty>}>
        {() => <Table caption="Nodes that hold the model" rows={rows} columns={HOLDER_COLUMNS} keyOf={({ offer }) => offer.provider} />}
      </Ask>
      <ListFoot rows={rows} columns={HOLDER_COLUMNS} name="nodes-of-model" />
    </Card>
  );
}

function Snippet({ id }: { id: string }): ReactElement {
  const text = `neurovoyance job submit ${id} --input input.safetensors`;
  return (
    <Card title="From a terminal" className="lg:col-span-2" aside={<Copy value={text} what="command" />}>
      <pre className="overflow-x-auto" tabIndex={0}>
        {text}
      </pre>
    </Card>
  );
}

function Jobs({ id }: { id: string }): ReactElement {
  const list = useJobs({ model_id: id }, 20);
  const rows = rowsOf(list);
  const columns = JOB_COLUMNS.filter(({ label }) => label !== "Model");
  return (
    <Card title="Its jobs" className="lg:col-span-2" flush>
      <Ask asked={list} what="jobs" isEmpty={() => rows.length === 0} empty={<Empty>No job has run it yet.</Empty>}>
        {() => <Table caption="Jobs of this model" rows={rows} columns={columns} keyOf={(job) => job.job_id} />}
      </Ask>
      <ListFoot rows={rows} columns={columns} name="jobs-of-model" more={list} />
    </Card>
  );
}
