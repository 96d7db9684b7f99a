/** A provider on one screen: does it work, what does it earn, what can be taken now. */
import { type ReactElement, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { type Address, getAddress, isAddress } from "viem";
import { Addr, Button, Card, Chip, Field, PageHead } from "../components/basics";
import { Ask, Empty } from "../components/states";
import { ListFoot, Table } from "../components/table";
import { sameAddress } from "../hire/draft";
import { useNetwork } from "../lib/context";
import { rowsOf, useJobs, useProviders } from "../queries";
import type { ProviderRow } from "../queries/rows";
import { useAccount } from "../wallet/gate";
import { JOB_COLUMNS } from "./jobs";
import { Collect } from "./provider/collect";
import { NodeControl } from "./provider/control";
import { Earnings } from "./provider/earnings";
import { Health } from "./provider/health";
import { useNodes } from "./provider/nodes";
import { Terms } from "./provider/terms";

export function Component(): ReactElement {
  const account = useAccount();
  const [params] = useSearchParams();
  const named = params.get("of") ?? "";
  const wanted = isAddress(named, { strict: false }) ? getAddress(named.toLowerCase()) : account;
  return wanted === undefined ? <Visitor /> : <Known key={wanted} wanted={wanted} you={account} />;
}

function Visitor(): ReactElement {
  return (
    <>
      <PageHead title="Provider" lead="A provider lends a computer: its node runs other people's models and is paid for each job." actions={<Link to="/provider/setup" className="button button-primary">Set up a node</Link>} />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card title="How it works">
          <ul className="flex list-disc flex-col gap-1.5 pl-5 text-ink-2">
            <li>The node yields to whoever uses the computer, and stops within two seconds when somebody returns.</li>
            <li>Models run confined: without network, without your files, within limits that you set.</li>
            <li>Your stake stands behind the work. It is lost in part when a job is not done, or done wrongly.</li>
            <li>What is earned reaches the owner's wallet alone; the node's own key can take jobs and nothing else.</li>
          </ul>
        </Card>
        <Look />
      </div>
    </>
  );
}

/** A box to look at any provider. */
function Look(): ReactElement {
  const [text, setText] = useState("");
  const go = useNavigate();
  const isValid = isAddress(text.trim(), { strict: false });
  return (
    <Card title="Look at a provider">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (isValid) void go(`/provider?of=${text.trim()}`);
        }}
      >
        <Field label="Address of its owner or operator" error={text !== "" && !isValid ? "An address is 0x and 40 hexadecimal digits." : undefined}>
          {(field) => <input {...field} className="input font-mono" value={text} placeholder="0x…" spellCheck={false} autoComplete="off" onChange={(event) => setText(event.target.value)} />}
        </Field>
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" kind="primary" disabled={!isValid}>
            Show it
          </Button>
          <Link to="/nodes">All nodes</Link>
        </div>
      </form>
    </Card>
  );
}

function Known({ wanted, you }: { wanted: Address; you: Address | undefined }): ReactElement {
  const providers = useProviders();
  return (
    <>
      {providers.data === undefined && <PageHead title="Provider" />}
      <Ask asked={providers} what="providers">
        {() => {
          const row = rowsOf(providers).find((one) => sameAddress(one.provider, wanted) || sameAddress(one.operator, wanted));
          return row ? <Provider key={row.provider} row={row} you={you} /> : <Nobody wanted={wanted} isYou={sameAddress(wanted, you)} />;
        }}
      </Ask>
    </>
  );
}

function Nobody({ wanted, isYou }: { wanted: Address; isYou: boolean }): ReactElement {
  return (
    <>
      <PageHead title="Provider" />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card flush>
          <Empty action={<Link to="/provider/setup" className="button button-primary">Set up a node</Link>}>
            {isYou ? "This account is neither owner nor operator of a provider." : <>Nobody registered <Addr value={wanted} /> as a provider on this network.</>}
          </Empty>
        </Card>
        <Look />
      </div>
    </>
  );
}

function Provider({ row, you }: { row: ProviderRow; you: Address | undefined }): ReactElement {
  const provider = row.provider as Address;
  const { flags } = useNetwork();
  const isOwner = sameAddress(you, row.provider);
  const mayAct = isOwner || sameAddress(you, row.operator);
  const nodes = useNodes();
  const node = nodes.data?.items.find((one) => sameAddress(one.provider ?? undefined, row.provider) || (one.url === row.endpoint && !one.is_up));
  return (
    <>
      <PageHead
        title={mayAct ? "Your node" : "Provider"}
        lead={
          <span className="flex flex-wrap items-center gap-2">
            <Addr value={row.provider} you={isOwner} />
            <span className="text-ink-3">
              operator <Addr value={row.operator} you={!isOwner && mayAct} />
            </span>
            {!mayAct && you !== undefined && <Chip>not yours</Chip>}
          </span>
        }
        actions={
          <>
            <Link to={`/nodes/${row.provider}`} className="button">
              As clients see it
            </Link>
            {flags.economy && (
              <Link to={`/stake?provider=${row.provider}`} className="button">
                Delegate to it
              </Link>
            )}
          </>
        }
      />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Health row={row} node={node} />
        <Collect provider={provider} you={mayAct ? you : undefined} />
        <Earnings provider={provider} />
        <div className="flex flex-col gap-4">
          <Terms provider={provider} you={isOwner ? you : undefined} />
          {node && <NodeControl node={node} />}
        </div>
        <Jobs provider={provider} />
      </div>
      {!mayAct && <div className="mt-4 max-w-xl"><Look /></div>}
    </>
  );
}

function Jobs({ provider }: { provider: Address }): ReactElement {
  const list = useJobs({ provider }, 10);
  const rows = rowsOf(list).slice(0, 10);
  const columns = JOB_COLUMNS.filter(({ label }) => label !== "Provider");
  return (
    <Card title="Its newest jobs" className="lg:col-span-2" flush>
      <Ask asked={list} what="jobs" isEmpty={() => rows.length === 0} empty={<Empty>It has taken no job yet. Clients rank by price, speed and record.</Empty>}>
        {() => <Table caption="Newest jobs of the provider" rows={rows} columns={columns} keyOf={(job) => job.job_id} />}
      </Ask>
      <ListFoot rows={rows} columns={columns} name="newest-jobs-of-provider" isCut={list.hasNextPage} />
    </Card>
  );
}
