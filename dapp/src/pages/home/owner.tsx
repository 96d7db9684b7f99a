/** The first screen of somebody with an account: what they have, and whether it works. */
import type { ReactElement } from "react";
import { Link } from "react-router";
import type { Address } from "viem";
import { Amount, Card, Stat } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { ListFoot, Table } from "../../components/table";
import { computeTokenAbi, votingPowerAbi } from "../../generated/abis";
import { sameAddress } from "../../hire/draft";
import { wei } from "../../lib/api";
import { useNetwork } from "../../lib/context";
import { count } from "../../lib/format";
import { rowsOf, useJobs, useMoney, useProviders } from "../../queries";
import { useRead } from "../../queries/chain";
import { JOB_COLUMNS } from "../jobs";
import { BurnCard } from "./burn";

export default function Owner({ account }: { account: Address }): ReactElement {
  const { flags } = useNetwork();
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1>What you have</h1>
        <Link to="/jobs/new" className="button button-primary">
          New job
        </Link>
      </div>
      <Money account={account} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <MyJobs account={account} />
        <div className="flex flex-col gap-4">
          <MyNode account={account} />
          {flags.economy && <MyVotes account={account} />}
        </div>
      </div>
    </div>
  );
}

function Money({ account }: { account: Address }): ReactElement {
  const wallet = useRead("token", computeTokenAbi, "balanceOf", [account]);
  const money = useMoney(account);
  const books = money.data;
  const of = (name: "free_wei" | "escrow_wei" | "earned_wei" | "fees_wei" | "own_wei" | "unbonding_wei"): bigint | undefined => (books ? wei(books[name]) : undefined);
  const sum = (...parts: (bigint | undefined)[]): bigint | undefined => (parts.includes(undefined) ? undefined : parts.reduce<bigint>((total, part) => total + (part ?? 0n), 0n));
  return (
    <>
      <section aria-label="Money" className="grid gap-3 sm:grid-cols-3">
        <Stat label="Available" value={<Amount wei={sum(wallet.data, of("free_wei"))} />} note={<>wallet <Amount wei={wallet.data} unit="" />, free in the market <Amount wei={of("free_wei")} unit="" /></>} />
        <Stat label="Reserved" value={<Amount wei={sum(of("escrow_wei"), of("own_wei"))} />} note={<>escrow <Amount wei={of("escrow_wei")} unit="" />, stake <Amount wei={of("own_wei")} unit="" /></>} />
        <Stat label="Pending" value={<Amount wei={sum(of("earned_wei"), of("fees_wei"), of("unbonding_wei"))} />} note={<>earned <Amount wei={sum(of("earned_wei"), of("fees_wei"))} unit="" />, unbonding <Amount wei={of("unbonding_wei")} unit="" /></>} />
      </section>
      <BurnCard account={account} freeWei={of("free_wei")} walletWei={wallet.data} />
    </>
  );
}

function MyJobs({ account }: { account: Address }): ReactElement {
  const list = useJobs({ client: account }, 8);
  const rows = rowsOf(list).slice(0, 8);
  const columns = JOB_COLUMNS.filter(({ label }) => ["Job", "State", "Price", "Posted"].includes(label));
  return (
    <Card title="Your newest jobs" aside={<Link to="/jobs?whose=client">All</Link>} flush>
      <Ask asked={list} what="jobs" isEmpty={() => rows.length === 0} empty={<Empty action={<Link to="/jobs/new" className="button">Post the first one</Link>}>You have posted no job with this account.</Empty>}>
        {() => <Table caption="Your newest jobs" rows={rows} columns={columns} keyOf={(job) => job.job_id} />}
      </Ask>
      <ListFoot rows={rows} columns={columns} name="newest-jobs" isCut={list.hasNextPage} />
    </Card>
  );
}

function MyNode({ account }: { account: Address }): ReactElement {
  const providers = useProviders();
  return (
    <Card title="Your node" aside={<SourceNote source="index" updatedAt={providers.dataUpdatedAt} />} flush>
      <Ask asked={providers} what="providers">
        {() => {
          const mine = rowsOf(providers).find((row) => sameAddress(row.provider, account) || sameAddress(row.operator, account));
          return mine ? (
            <div className="p-4">
              <p>
                {count(mine.jobs_settled)} jobs done, {count(mine.jobs_failed)} failed, {count(mine.slashes)} slashes.
              </p>
              <Link to="/provider">Health and earnings</Link>
            </div>
          ) : (
            <Empty action={<Link to="/provider/setup" className="button">Lend a computer</Link>}>This account has no node.</Empty>
          );
        }}
      </Ask>
    </Card>
  );
}

function MyVotes({ account }: { account: Address }): ReactElement {
  const votes = useRead("votes", votingPowerAbi, "getVotes", [account]);
  return (
    <Card title="Your votes" flush>
      <Ask asked={votes} what="votes">
        {(power) => (
          <div className="p-4">
            <p>
              <Amount wei={power} unit="votes" />
            </p>
            <Link to="/gov">Proposals</Link>
          </div>
        )}
      </Ask>
    </Card>
  );
}
