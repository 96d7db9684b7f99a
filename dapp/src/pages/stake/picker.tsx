/** Providers to stand behind: their terms, their record, and whether they are there now. */
import { type ReactElement, useState } from "react";
import { Link } from "react-router";
import type { Address } from "viem";
import { useTx } from "../../actions/tx";
import { Addr, Button, Card, Chip, Notice, Unknown } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { computeTokenAbi } from "../../generated/abis";
import { sameAddress } from "../../hire/draft";
import { useChainNow } from "../../lib/clock";
import { count, nvy, percentOfBps, share, span } from "../../lib/format";
import { AmountDialog } from "../../money/amount-dialog";
import { type PoolFact, useParams, usePools } from "../../money/facts";
import { Wei, part } from "../../money/known";
import { delegatePlan, useDesk } from "../../money/plans";
import { delegatedAtRisk } from "../../money/stakes";
import { rowsOf, useProviders, useStanding } from "../../queries";
import { useRead } from "../../queries/chain";
import type { ProviderRow } from "../../queries/rows";
import { useWalletDialog } from "../../wallet/dialog";
import { useAccount } from "../../wallet/gate";
import { Commission } from "./delegations";

/** Terms are read from the chain for as many providers as this; more are found by their own page. */
const SHOWN = 40;

export function Picker({ chosen }: { chosen: Address | undefined }): ReactElement {
  const providers = useProviders();
  const now = useChainNow(30_000);
  const standing = useStanding();
  const rows = rowsOf(providers).filter((row) => chosen === undefined || sameAddress(row.provider, chosen)).slice(0, SHOWN);
  const pools = usePools(rows.map((row) => row.provider as Address));
  const account = useAccount();
  const openWallet = useWalletDialog();
  const [picked, setPicked] = useState<PoolFact>();
  const poolOf = (row: ProviderRow): PoolFact | undefined => pools.data?.find((pool) => sameAddress(pool.provider, row.provider));
  const columns: Column<ProviderRow>[] = [
    { label: "Provider", render: (row) => <Addr value={row.provider} />, csv: (row) => row.provider },
    { label: "Now", render: (row) => <Fresh expiresS={standing.data?.offers.find(({ offer }) => sameAddress(offer.provider, row.provider))?.offer.expires_s} nowS={now} isKnown={standing.data !== undefined} /> },
    { label: "Record", render: (row) => <Record row={row} />, csv: (row) => `${row.jobs_settled} done, ${row.jobs_failed} failed, ${row.slashes} slashes` },
    { label: "Own stake", num: true, render: (row) => <Wei asked={part(pools, () => poolOf(row)?.ownWei)} />, csv: (row) => poolOf(row)?.ownWei ?? 0n },
    { label: "Delegated", num: true, render: (row) => <Wei asked={part(pools, () => poolOf(row)?.delegatedWei)} /> },
    { label: "Commission", num: true, render: (row) => <Commission pool={part(pools, () => poolOf(row))} /> },
    {
      label: "Delegate",
      render: (row) => {
        const pool = poolOf(row);
        return (
          <Button disabled={pool === undefined} onClick={() => (account === undefined ? openWallet() : setPicked(pool))}>
            Delegate
          </Button>
        );
      },
    },
  ];
  return (
    <Card
      title={chosen ? "The provider that you chose" : "Providers to delegate to"}
      aside={
        <span className="flex items-center gap-3">
          {chosen && <Link to="/stake">All providers</Link>}
          <SourceNote source="chain" updatedAt={pools.dataUpdatedAt} />
        </span>
      }
      flush
    >
      <Ask asked={providers} what="providers" isEmpty={() => rows.length === 0} empty={<Empty>{chosen ? "The index knows no such provider." : "Nobody has registered as a provider on this network yet."}</Empty>}>
        {() => <Table caption="Providers to delegate to" rows={rows} columns={columns} keyOf={(row) => row.provider} />}
      </Ask>
      <ListFoot rows={rows} columns={columns} name="providers" />
      {picked && account && <Delegate key={picked.provider} pool={picked} account={account} onClose={() => setPicked(undefined)} />}
    </Card>
  );
}

function Fresh({ expiresS, nowS, isKnown }: { expiresS: number | undefined; nowS: number; isKnown: boolean }): ReactElement {
  if (!isKnown) return <Unknown why="price lists are not known yet" />;
  return expiresS !== undefined && expiresS > nowS ? <Chip tone="good">offers work</Chip> : <Chip tone="warn">no price list</Chip>;
}

function Record({ row }: { row: ProviderRow }): ReactElement {
  const ended = row.jobs_settled + row.jobs_failed;
  return (
    <span>
      {ended === 0 ? "nothing ended yet" : `${count(row.jobs_settled)} of ${count(ended)} done (${share(BigInt(row.jobs_settled), BigInt(ended))})`}
      {row.slashes > 0 && <span className="block text-bad">slashed {count(row.slashes)} times</span>}
    </span>
  );
}

function Delegate({ pool, account, onClose }: { pool: PoolFact; account: Address; onClose: () => void }): ReactElement {
  const desk = useDesk(account);
  const { run } = useTx();
  const wallet = useRead("token", computeTokenAbi, "balanceOf", [account]);
  const params = useParams(["stakeSlashBps", "forgerySlashBps", "unbondingS"]);
  const rates = params.data;
  return (
    <AmountDialog
      onClose={onClose}
      asked={{
        title: "Delegate",
        about: `Its commission is ${percentOfBps(pool.commissionBps)}${pool.nextSinceS > 0n ? `, and ${percentOfBps(pool.nextBps)} later` : ""}. ${rates ? `Taking it back takes ${span(Number(rates.unbondingS))}.` : ""}`,
        mostWei: rates === undefined ? undefined : wallet.data,
        most: "what your wallet holds",
        effect: (wei) => rates && <Notice tone="warn" title={`One verdict takes at most ${nvy(delegatedAtRisk(wei, rates))} NVY of it`}>You share what the provider earns for being there, less its commission, and its slashes.</Notice>,
        go: (wei) => run(delegatePlan(desk, pool.provider, wei, { commissionBps: pool.commissionBps, nextBps: pool.nextBps, unbondingS: rates?.unbondingS ?? 0n })),
      }}
    />
  );
}
