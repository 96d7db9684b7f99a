/** One provider: prices, models it holds, record, stake, who delegates to it. */
import type { ReactElement } from "react";
import { Link, useParams } from "react-router";
import { type Address, getAddress, isAddress } from "viem";
import { Addr, Amount, Card, Chip, Facts, Hash, Moment, PageHead, Unknown } from "../components/basics";
import { Ask, Empty, SourceNote } from "../components/states";
import { type Column, ListFoot, Table } from "../components/table";
import { stakeManagerAbi } from "../generated/abis";
import { sameAddress } from "../hire/draft";
import { ApiError, wei } from "../lib/api";
import { useNetwork } from "../lib/context";
import { bytes, count, percentOfBps, plain, span } from "../lib/format";
import { rowsOf, useJobs, useProvider, useStanding } from "../queries";
import { useRead } from "../queries/chain";
import type { ProviderRow, StandingOffer } from "../queries/rows";
import { JOB_COLUMNS } from "./jobs";
import { DelegatorsCard } from "./node/delegators";
import { KeptCard } from "./node/kept";
import { NowChip } from "./nodes";
import { NotFound } from "./not-found";

export function Component(): ReactElement {
  const { id = "" } = useParams();
  return isAddress(id, { strict: false }) ? <Node address={getAddress(id)} /> : <NotFound what="node" id={id} />;
}

function Node({ address }: { address: Address }): ReactElement {
  const provider = useProvider(address);
  const { flags } = useNetwork();
  const standing = useStanding();
  const offer = standing.data?.offers.find(({ offer: one }) => sameAddress(one.provider, address))?.offer;
  if (provider.data === undefined && provider.error instanceof ApiError && provider.error.status === 404) return <NotFound what="node" id={address} />;
  return (
    <>
      <PageHead title={<>Node of <Addr value={address} /></>} actions={<Link to={`/stake?provider=${address}`} className="button">Delegate to it</Link>} />
      <Ask asked={provider} what="node">
        {(row) => (
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <OfferCard offer={offer} />
            <RecordCard row={row} />
            <StakeCard address={address} row={row} />
            <HeldCard offer={offer} />
            <KeptCard provider={address} />
            {flags.economy && <DelegatorsCard provider={address} />}
            <JobsCard address={address} />
          </div>
        )}
      </Ask>
    </>
  );
}

function OfferCard({ offer }: { offer: StandingOffer["offer"] | undefined }): ReactElement {
  return (
    <Card title="Offers now" aside={<NowChip offer={offer} />} flush={!offer}>
      {offer ? (
        <Facts
          items={[
            ["For taking a job", <Amount key="b" wei={wei(offer.base_price_wei)} />],
            ...offer.devices.map((device) => [`A second on ${plain(device.device, 24)}`, <Amount key={device.device} wei={wei(device.per_second_wei)} />] as const),
            ["Slots", `${count(offer.occupied)} of ${count(offer.slots)} in use`],
            ["Longest run", span(offer.max_runtime_s)],
            ["Memory", offer.memory_bytes > 0 ? bytes(offer.memory_bytes) : <Unknown key="m" why="it does not say" />],
            ["Classes", offer.job_classes.map((name) => plain(name, 20)).join(", ")],
            ["Stake behind a job", `${count(offer.lock_multiple)} times the price`],
            ["Said", <Moment key="t" unixS={offer.issued_s} />],
          ]}
        />
      ) : (
        <Empty>It publishes no prices now. It may be off, busy with its owner, or not know this service; a job can still be listed for anybody.</Empty>
      )}
    </Card>
  );
}

function RecordCard({ row }: { row: ProviderRow }): ReactElement {
  const ended = row.jobs_settled + row.jobs_failed;
  return (
    <Card title="Record">
      <Facts
        items={[
          ["Jobs taken", count(row.jobs_taken)],
          ["Paid", count(row.jobs_settled)],
          ["Failed", count(row.jobs_failed)],
          ["Share that ended well", ended === 0 ? <Unknown key="s" why="no job has ended yet" /> : percentOfBps(Math.floor((row.jobs_settled * 10_000) / ended))],
          ["Slashes", row.slashes > 0 ? <Chip key="x" tone="bad">{count(row.slashes)}</Chip> : "none"],
          ["Registered", <Moment key="t" unixS={row.born_at_s} />],
          ["Operator", <Addr key="o" value={row.operator} />],
          ["Answers at", <code key="e">{plain(row.endpoint, 120) || "nowhere announced"}</code>],
        ]}
      />
    </Card>
  );
}

function StakeCard({ address, row }: { address: Address; row: ProviderRow }): ReactElement {
  const { flags } = useNetwork();
  const stake = useRead("stake_manager", stakeManagerAbi, "stakeOf", [address]);
  const pool = useRead("stake_manager", stakeManagerAbi, "poolStakeOf", flags.economy ? [address] : undefined);
  const free = useRead("stake_manager", stakeManagerAbi, "freeOf", [address]);
  return (
    <Card title="Stake" aside={<SourceNote source="chain" updatedAt={stake.dataUpdatedAt} />}>
      <Ask asked={stake} what="stake">
        {(found) => (
          <Facts
            items={[
              ["Own", <Amount key="o" wei={found.own} />],
              ["Locked behind jobs", <Amount key="l" wei={found.locked} />],
              ["Free", <Amount key="f" wei={free.data} />],
              flags.economy && (["Delegated to it", <Amount key="d" wei={pool.data?.[0]} />] as const),
              flags.economy && (["Commission", percentOfBps(row.commission_bps)] as const),
            ]}
          />
        )}
      </Ask>
    </Card>
  );
}

function HeldCard({ offer }: { offer: StandingOffer["offer"] | undefined }): ReactElement {
  const held = offer?.held ?? [];
  type Held = (typeof held)[number];
  const columns: Column<Held>[] = [
    { label: "Model", render: (one) => <Hash value={one.model_id} to={`/models/${one.model_id}`} what="model id" />, csv: (one) => one.model_id },
    { label: "Time to load, ms", num: true, render: (one) => (one.load_ms === null ? <Unknown why="it has not run here yet" /> : count(one.load_ms)), csv: (one) => one.load_ms ?? undefined },
  ];
  return (
    <Card title="Models it holds" flush>
      {held.length === 0 ? (
        <Empty>None that it told of. It fetches a model before it accepts a job.</Empty>
      ) : (
        <Table caption="Models held" rows={held} columns={columns} keyOf={(one) => one.model_id} />
      )}
      <ListFoot rows={held} columns={columns} name="models-of-node" />
    </Card>
  );
}

function JobsCard({ address }: { address: Address }): ReactElement {
  const list = useJobs({ provider: address }, 20);
  const rows = rowsOf(list);
  const columns = JOB_COLUMNS.filter(({ label }) => label !== "Provider");
  return (
    <Card title="Its jobs" className="lg:col-span-2" flush>
      <Ask asked={list} what="jobs" isEmpty={() => rows.length === 0} empty={<Empty>It has had no job yet.</Empty>}>
        {() => <Table caption="Its jobs" rows={rows} columns={columns} keyOf={(job) => job.job_id} />}
      </Ask>
      <ListFoot rows={rows} columns={columns} name="jobs-of-node" more={list} />
    </Card>
  );
}
