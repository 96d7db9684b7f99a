/** How the service, the chain and the index are, and what this page was built from. */
import type { ReactElement } from "react";
import { useBlock } from "wagmi";
import { Addr, Card, Chip, Facts, PageHead } from "../components/basics";
import { Ask, SourceNote } from "../components/states";
import { useNetwork } from "../lib/context";
import { count, dateTime } from "../lib/format";
import { useHealth } from "../queries";
import { useStreamState } from "../queries/stream";
import { BuildCard } from "./status/build";
import { Watching } from "./status/watching";

export function Component(): ReactElement {
  return (
    <>
      <PageHead title="Status" lead="Every part answers for itself. Contracts and nodes go on while the service is away." />
      <div className="grid gap-4 lg:grid-cols-2">
        <ChainCard />
        <IndexCard />
        <BuildCard />
        <Watching />
        <ContractsCard />
      </div>
    </>
  );
}

function ChainCard(): ReactElement {
  const network = useNetwork();
  const head = useBlock({ query: { refetchInterval: 4_000 } });
  return (
    <Card title="Chain" aside={<SourceNote source="chain" updatedAt={head.dataUpdatedAt} />}>
      <Ask asked={head} what="newest block">
        {(block) => (
          <Facts
            items={[
              ["State", <Chip key="s" tone="good">answers</Chip>],
              ["Chain id", network.chain_id],
              ["Newest block", count(block.number)],
              ["Its time", <time key="t">{dateTime(Number(block.timestamp))}</time>],
              ["RPC for wallets", <code key="u">{network.wallet_rpc_url}</code>],
            ]}
          />
        )}
      </Ask>
    </Card>
  );
}

function IndexCard(): ReactElement {
  const health = useHealth();
  const stream = useStreamState();
  return (
    <Card title="Index" aside={<SourceNote source="index" updatedAt={health.dataUpdatedAt} />}>
      <Ask asked={health} what="state of the index">
        {(said) => (
          <Facts
            items={[
              ["State", said.status === "ok" ? <Chip key="s" tone="good">follows the chain</Chip> : <Chip key="s" tone="bad">{said.error ?? "failing"}</Chip>],
              ["Indexed to block", said.block === null ? "none yet" : count(said.block)],
              ["Event stream", stream === "live" ? <Chip key="e" tone="good">live</Chip> : <Chip key="e" tone="warn">{stream === "closed" ? "closed: pages ask every 5 s" : "connecting"}</Chip>],
            ]}
          />
        )}
      </Ask>
    </Card>
  );
}

function ContractsCard(): ReactElement {
  const { contracts } = useNetwork();
  return (
    <Card title="Contracts of this network" className="lg:col-span-2">
      <p className="mb-3 text-ink-2">
        The addresses come from the service; compare them with a source that you trust, such as the invitation you joined with.
      </p>
      <Facts items={Object.entries(contracts).sort().map(([name, address]) => [name.replaceAll("_", " "), <Addr key={name} value={address} link={false} />] as const)} />
    </Card>
  );
}
