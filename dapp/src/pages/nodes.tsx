/** Every provider: what it offers now, its record, what stands behind it. */
import { type ReactElement, useMemo, useState } from "react";
import { Link } from "react-router";
import { Addr, Amount, Card, Chip, Field, PageHead } from "../components/basics";
import { Ask, Empty, SourceNote } from "../components/states";
import { type Column, ListFoot, Table } from "../components/table";
import { wei } from "../lib/api";
import { useChainNow } from "../lib/clock";
import { count, plain } from "../lib/format";
import { rowsOf, useProviders, useStanding } from "../queries";
import type { ProviderRow, StandingOffer } from "../queries/rows";

interface NodeRow extends ProviderRow {
  offer: StandingOffer["offer"] | undefined;
}

/** Price of a minute on the node's first device: base and sixty seconds, wei. */
export const minutePrice = (offer: StandingOffer["offer"]): bigint => wei(offer.base_price_wei) + 60n * wei(offer.devices[0]?.per_second_wei ?? "0");

const COLUMNS: readonly Column<NodeRow>[] = [
  { label: "Provider", render: (node) => <Link to={`/nodes/${node.provider}`}><Addr value={node.provider} link={false} /></Link>, csv: (node) => node.provider },
  { label: "Now", render: (node) => <NowChip offer={node.offer} />, csv: (node) => (node.offer ? "offers" : "silent") },
  { label: "Devices", render: (node) => node.offer?.devices.map(({ device }) => plain(device, 24)).join(", ") ?? "—", csv: (node) => node.offer?.devices.map(({ device }) => device).join(" ") ?? "" },
  { label: "A job of 1 min", num: true, render: (node) => <Amount wei={node.offer && minutePrice(node.offer)} why="it publishes no prices now" />, order: (node) => node.offer && minutePrice(node.offer), csv: (node) => (node.offer ? minutePrice(node.offer) : "") },
  { label: "Models held", num: true, render: (node) => (node.offer ? count(node.offer.held.length) : "—"), order: (node) => node.offer?.held.length, csv: (node) => node.offer?.held.length ?? "" },
  { label: "Done", num: true, render: (node) => count(node.jobs_settled), order: (node) => node.jobs_settled, csv: (node) => node.jobs_settled },
  { label: "Failed", num: true, render: (node) => count(node.jobs_failed), order: (node) => node.jobs_failed, csv: (node) => node.jobs_failed },
  { label: "Slashes", num: true, render: (node) => (node.slashes > 0 ? <Chip tone="bad">{count(node.slashes)}</Chip> : "0"), order: (node) => node.slashes, csv: (node) => node.slashes },
];

export function NowChip({ offer }: { offer: StandingOffer["offer"] | undefined }): ReactElement {
  const now = useChainNow(10_000);
  if (!offer || offer.expires_s < now) return <Chip tone="neutral">no offer</Chip>;
  return offer.occupied >= offer.slots ? <Chip tone="warn">busy</Chip> : <Chip tone="good">{`${offer.slots - offer.occupied} free`}</Chip>;
}

export function Component(): ReactElement {
  const providers = useProviders();
  const standing = useStanding();
  const [text, setText] = useState("");
  const [onlyOffering, setOnlyOffering] = useState(false);
  const all = rowsOf(providers);
  const rows = useMemo(() => {
    const offers = new Map(standing.data?.offers.map(({ offer }) => [offer.provider.toLowerCase(), offer]));
    const wanted = text.trim().toLowerCase();
    return all
      .map((row): NodeRow => ({ ...row, offer: offers.get(row.provider.toLowerCase()) }))
      .filter((row) => !onlyOffering || row.offer)
      .filter((row) => wanted === "" || row.provider.toLowerCase().includes(wanted) || row.offer?.devices.some(({ device }) => device.includes(wanted)) || row.offer?.held.some(({ model_id }) => model_id.toLowerCase() === wanted))
      .sort((a, b) => Number(!!b.offer) - Number(!!a.offer) || b.jobs_settled - a.jobs_settled);
  }, [all, standing.data, text, onlyOffering]);
  return (
    <>
      <PageHead title="Nodes" lead="Providers that registered on the chain, and what their nodes say now." actions={<Link to="/provider/setup" className="button">Lend a computer</Link>} />
      <Card title="List" aside={<SourceNote source="index" updatedAt={providers.dataUpdatedAt} />} flush>
        <div className="flex flex-wrap items-end gap-4 border-b border-line p-4">
          <div className="min-w-60 flex-1">
            <Field label="Filter">{(field) => <input {...field} className="input" value={text} placeholder="address, device, or a model id that is held" onChange={(event) => setText(event.target.value)} spellCheck={false} />}</Field>
          </div>
          <label className="flex items-center gap-2 py-2">
            <input type="checkbox" className="size-4 accent-accent" checked={onlyOffering} onChange={(event) => setOnlyOffering(event.target.checked)} /> Only those offering now
          </label>
        </div>
        <Ask asked={providers} what="nodes" isEmpty={() => rows.length === 0} empty={<Empty action={<Link to="/provider/setup" className="button">Lend a computer</Link>}>{all.length > 0 ? "No node fits the filter." : "Nobody has registered yet. You can be the first."}</Empty>}>
          {() => <Table caption="Nodes" rows={rows} columns={COLUMNS} keyOf={(node) => node.provider} />}
        </Ask>
        <ListFoot rows={rows} columns={COLUMNS} name="nodes" more={providers} />
      </Card>
    </>
  );
}

