/** Somebody who votes: how many votes, from whom, how they voted; and letting them cast yours. */
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { Link, useParams } from "react-router";
import { type Address, getAddress, isAddress } from "viem";
import { useConfig } from "wagmi";
import { useTx } from "../actions/tx";
import { Addr, Amount, Button, Card, Facts, PageHead, Stat, Unknown } from "../components/basics";
import { Ask, Empty, SourceNote } from "../components/states";
import { type Column, ListFoot, Table } from "../components/table";
import { votingPowerAbi } from "../generated/abis";
import { headingOf, idHex } from "../gov/proposals";
import { sameAddress } from "../hire/draft";
import { useNetwork } from "../lib/context";
import { plain, shortHex } from "../lib/format";
import { rowsOf, useDelegations, useProposals, useVotes } from "../queries";
import { chainKey } from "../queries/client";
import type { VoteRow } from "../queries/rows";
import { NeedsWallet } from "../wallet/gate";
import { NoVotes, Voter } from "./gov/parts";
import { delegatePlan } from "./gov/plans";
import { isNobody } from "./gov/power";
import { readMany, usePower } from "./gov/reads";
import { VOTE_COLUMNS } from "./gov/votes-card";
import { NotFound } from "./not-found";

export function Component(): ReactElement {
  const { flags } = useNetwork();
  const { addr = "" } = useParams();
  if (!flags.economy) return <NoVotes />;
  return isAddress(addr, { strict: false }) ? <Delegate key={addr} address={getAddress(addr)} /> : <NotFound what="voter" id={addr} />;
}

function Delegate({ address }: { address: Address }): ReactElement {
  const power = usePower(address);
  return (
    <>
      <PageHead title={<>Votes of {shortHex(address)}</>} lead={<Link to="/gov">Governance</Link>} />
      <div className="flex flex-col gap-4">
        <Ask asked={power} what="votes" skeleton={<div className="skeleton h-20" />}>
          {(now) => (
            <div className="grid gap-3 sm:grid-cols-3">
              <Stat label="Votes with, as of yesterday (UTC)" value={<Amount wei={now.countedWei} unit="" />} note="what a proposal would ask for" />
              <Stat label="With today's moves" value={<Amount wei={now.votesWei} unit="" />} note="counts from 00:00 UTC" />
              <Stat label="Holds" value={<Amount wei={now.unitsWei} unit="" />} note={<>cast by {isNobody(now.delegate) ? <Unknown why="nobody" /> : sameAddress(now.delegate, address) ? "itself" : <Voter value={now.delegate} />}</>} />
            </div>
          )}
        </Ask>
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
          <div className="flex min-w-0 flex-col gap-4">
            <History address={address} />
            <Givers address={address} />
          </div>
          <div className="flex min-w-0 flex-col gap-4 max-lg:order-first">
            <Card title="Your votes" flush>
              <NeedsWallet why="With a wallet you can let this account cast your votes; the tokens stay yours.">{(account) => <Mine account={account} address={address} />}</NeedsWallet>
            </Card>
            <Card title="Facts">
              <Facts items={[["Account", <Addr key="a" value={address} />]]} />
            </Card>
          </div>
        </div>
      </div>
    </>
  );
}

function Mine({ account, address }: { account: Address; address: Address }): ReactElement {
  const network = useNetwork();
  const wagmi = useConfig();
  const { run } = useTx();
  const power = usePower(account);
  const isYou = sameAddress(account, address);
  return (
    <Ask asked={power} what="your votes">
      {(now) => {
        const isHere = sameAddress(now.delegate, address);
        const to = (delegate: Address | undefined) => run(delegatePlan({ wagmi, network }, account, now, delegate));
        return (
          <div className="flex flex-col gap-3 p-4">
            <p>
              You hold <Amount wei={now.unitsWei} unit="votes" />. {isNobody(now.delegate) ? "Nobody casts them." : isHere ? (isYou ? "You cast them yourself." : "This account casts them.") : sameAddress(now.delegate, account) ? "You cast them yourself." : <>They are cast by <Voter value={now.delegate} />.</>}
            </p>
            <div className="flex flex-wrap gap-2">
              {!isHere && (
                <Button kind="primary" onClick={() => to(address)}>
                  {isYou ? "Delegate to yourself" : "Let it cast my votes"}
                </Button>
              )}
              {isHere && !isYou && <Button onClick={() => to(account)}>Cast them myself</Button>}
              {!isNobody(now.delegate) && (isHere || isYou) && (
                <Button kind="quiet" onClick={() => to(undefined)}>
                  Undelegate
                </Button>
              )}
            </div>
            <p className="text-[0.93rem] text-ink-2">The tokens stay yours, and so do their rewards. It counts for proposals whose snapshot comes later.</p>
          </div>
        );
      }}
    </Ask>
  );
}

function History({ address }: { address: Address }): ReactElement {
  const list = useVotes({ voter: address });
  const proposals = useProposals();
  const titles = new Map(rowsOf(proposals).map((row) => [row.proposal_id, row.description]));
  const rows = rowsOf(list);
  const columns: Column<VoteRow>[] = [
    {
      label: "Proposal",
      render: (vote) => (
        <Link to={`/gov/${idHex(BigInt(vote.proposal_id))}`} className="whitespace-normal">
          {plain(headingOf(titles.get(vote.proposal_id) ?? shortHex(idHex(BigInt(vote.proposal_id)))), 100)}
        </Link>
      ),
      csv: (vote) => vote.proposal_id,
    },
    ...VOTE_COLUMNS.filter(({ label }) => label !== "Voter"),
  ];
  return (
    <Card title="How it voted" aside={<SourceNote source="index" updatedAt={list.dataUpdatedAt} />} flush>
      <Ask asked={list} what="votes" isEmpty={() => rows.length === 0} empty={<Empty>This account has not voted yet.</Empty>}>
        {() => <Table caption="How it voted" rows={rows} columns={columns} keyOf={(vote) => vote.vote_id} />}
      </Ask>
      <ListFoot rows={rows} columns={columns} name={`votes-of-${address.slice(2, 10)}`} more={list} />
    </Card>
  );
}

interface Giver {
  account: Address;
  unitsWei: bigint;
}

const GIVER_COLUMNS: readonly Column<Giver>[] = [
  { label: "Account", render: (giver) => <Voter value={giver.account} />, csv: (giver) => giver.account },
  { label: "Votes", num: true, render: (giver) => <Amount wei={giver.unitsWei} unit="" />, csv: (giver) => giver.unitsWei },
];

/** Whose votes this account casts: named by the index, each read from the chain. */
function Givers({ address }: { address: Address }): ReactElement {
  const wagmi = useConfig();
  const { contracts } = useNetwork();
  const list = useDelegations(address);
  const named = rowsOf(list).map(({ delegator }) => delegator as Address);
  const givers = useQuery({
    queryKey: chainKey("gov", "givers", address, ...named),
    queryFn: async (): Promise<Giver[]> => {
      const votes = contracts.votes as Address;
      const found = await readMany(wagmi, named.flatMap((account) => ["delegates", "unitsOf"].map((functionName) => ({ address: votes, abi: votingPowerAbi, functionName, args: [account] }))));
      return named.flatMap((account, at) => (sameAddress(found[at * 2] as string, address) ? [{ account, unitsWei: (found[at * 2 + 1] ?? 0n) as bigint }] : [])).sort((a, b) => (a.unitsWei < b.unitsWei ? 1 : -1));
    },
    enabled: list.data !== undefined,
  });
  return (
    <Card title="Whose votes it casts" aside={<SourceNote source="chain" updatedAt={givers.dataUpdatedAt} />} flush>
      <Ask asked={list} what="delegations">
        {() => (
          <Ask asked={givers} what="delegations" isEmpty={(rows) => rows.length === 0} empty={<Empty>Nobody lets this account cast votes.</Empty>}>
            {(rows) => <Table caption="Whose votes it casts" rows={rows} columns={GIVER_COLUMNS} keyOf={(giver) => giver.account} />}
          </Ask>
        )}
      </Ask>
      <ListFoot rows={givers.data ?? []} columns={GIVER_COLUMNS} name={`votes-given-to-${address.slice(2, 10)}`} more={list} />
    </Card>
  );
}
