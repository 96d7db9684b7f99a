/** One transaction: what was called, what came of it, what it cost. Everything from the chain itself. */
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { useParams } from "react-router";
import type { Hash as TxHash } from "viem";
import { useConfig } from "wagmi";
import { Addr, Amount, Card, Chip, Facts, Hash, Moment, PageHead } from "../components/basics";
import { Ask, SourceNote } from "../components/states";
import { useNetwork } from "../lib/context";
import { count } from "../lib/format";
import { spaced } from "../money/words";
import { chainKey } from "../queries/client";
import { NotFound } from "./not-found";
import { Events } from "./tx/events";
import { type Found, readTransaction } from "./tx/read";
import { ValueText } from "./tx/value";

export function Component(): ReactElement {
  const { hash = "" } = useParams();
  return /^0x[0-9a-fA-F]{64}$/.test(hash) ? <Transaction key={hash} hash={hash.toLowerCase() as TxHash} /> : <NotFound what="transaction" id={hash} />;
}

function Transaction({ hash }: { hash: TxHash }): ReactElement {
  const wagmi = useConfig();
  const { contracts } = useNetwork();
  const asked = useQuery({
    queryKey: chainKey("tx", hash),
    queryFn: () => readTransaction(wagmi, contracts, hash),
    // What is mined does not change but by a reorganisation; what is not yet is asked for.
    refetchInterval: (query) => (query.state.data?.status === "pending" || query.state.data === null ? 3_000 : false),
  });
  if (asked.data === null) return <NotFound what="transaction" id={hash} />;
  return (
    <>
      <PageHead title="Transaction" lead={<Hash value={hash} what="transaction hash" head={18} />} />
      <Ask asked={asked} what="transaction">
        {(found) => found && <Shown found={found} updatedAt={asked.dataUpdatedAt} />}
      </Ask>
    </>
  );
}

const STATUS = {
  pending: <Chip tone="info">waits for a block</Chip>,
  success: <Chip tone="good">done</Chip>,
  reverted: <Chip tone="bad">refused by the contract</Chip>,
};

function Shown({ found, updatedAt }: { found: Found; updatedAt: number }): ReactElement {
  const { call } = found;
  return (
    <div className="flex flex-col gap-4">
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card title="What happened" aside={<SourceNote source="chain" updatedAt={updatedAt} />}>
          <Facts
            items={[
              ["State", STATUS[found.status]],
              found.revert !== undefined && ["Reason", found.revert],
              ["From", <Addr key="f" value={found.from} />],
              ["To", found.to === null ? "a new contract" : <span key="t">{call.contract ? `${spaced(call.contract)} ` : ""}<Addr value={found.to} /></span>],
              found.valueWei > 0n && ["Sent along", <Amount key="v" wei={found.valueWei} unit="ETH" decimals={6} />],
              found.block !== undefined && ["Block", count(found.block)],
              found.timeS !== undefined && ["When", <Moment key="w" unixS={found.timeS} />],
              ["Network fee", <Amount key="e" wei={found.feeWei} unit="ETH" decimals={9} why="not known before it is in a block" />],
              found.gas !== undefined && ["Gas", `${count(found.gas)} of at most ${count(found.gasLimit)}`],
            ]}
          />
        </Card>
        <Card title={call.name ? `Call: ${spaced(call.name).toLowerCase()}` : "The call"}>
          {call.name ? (
            call.values.length === 0 ? (
              <p className="text-ink-2">
                <code>{call.name}()</code> takes nothing.
              </p>
            ) : (
              <Facts items={call.values.map((value) => [spaced(value.name), <ValueText key={value.name} value={value} />] as const)} />
            )
          ) : (
            <Unread input={found.input} isOurs={call.contract !== undefined} />
          )}
        </Card>
      </div>
      <Events found={found} />
    </div>
  );
}

function Unread({ input, isOurs }: { input: string; isOurs: boolean }): ReactElement {
  return (
    <>
      <p className="text-ink-2">{input === "0x" ? "Nothing was called: ETH was sent." : isOurs ? "This contract has no such function." : "This is no contract of this network, so its call cannot be put into words."}</p>
      {input !== "0x" && (
        <details className="mt-2">
          <summary>Bytes</summary>
          <pre className="mt-1 max-h-40 overflow-auto rounded bg-raised p-2 break-all whitespace-pre-wrap">{input.slice(0, 4_000)}</pre>
        </details>
      )}
    </>
  );
}
