/** All proposals: state from the governor, votes, quorum, time left, one's own vote. */
import type { ReactElement } from "react";
import { Link } from "react-router";
import { Button, Card, Moment, Notice } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { headingOf, idHex, supportOf } from "../../gov/proposals";
import { TICK_S } from "../../gov/timeline";
import { plain } from "../../lib/format";
import { rowsOf, useProposals, useVotes } from "../../queries";
import type { ProposalRow, VoteRow } from "../../queries/rows";
import { useAccount } from "../../wallet/gate";
import { GOVERNOR_NAMES, Quorum, StateChip, SupportChip, TallyLine, useKindOf } from "./parts";
import { type ProposalNow, useProposalsNow } from "./reads";

export function ProposalList(): ReactElement {
  const account = useAccount();
  const list = useProposals();
  const rows = rowsOf(list);
  const now = useProposalsNow(rows.map((row) => ({ id: BigInt(row.proposal_id), governor: row.governor, snapshotS: row.vote_start_s })), account);
  const mine = useVotes({ voter: account }, account !== undefined);
  const votes = new Map((account ? rowsOf(mine) : []).map((vote) => [vote.proposal_id, vote]));
  return (
    <Card
      title="Proposals"
      flush
      aside={
        <span className="flex gap-2">
          <SourceNote source="index" updatedAt={list.dataUpdatedAt} />
          <SourceNote source="chain" updatedAt={now.dataUpdatedAt} />
        </span>
      }
    >
      <Ask asked={list} what="proposals" isEmpty={() => rows.length === 0} empty={<Empty action={<Link to="/gov/new" className="button">Make the first one</Link>}>Nobody has proposed anything on this network yet.</Empty>}>
        {() => (
          <>
            {now.error && !now.data && (
              <div className="p-4">
                <Notice tone="warn" title="The governors do not answer">States and votes are missing until they do.</Notice>
              </div>
            )}
            <ul>
              {rows.map((row) => (
                <Item key={row.proposal_id} row={row} now={now.data?.get(BigInt(row.proposal_id))} vote={votes.get(row.proposal_id)} />
              ))}
            </ul>
            {list.hasNextPage && (
              <div className="border-t border-line px-4 py-2">
                <Button onClick={() => list.fetchNextPage()} busy={list.isFetchingNextPage}>
                  Show more
                </Button>
              </div>
            )}
          </>
        )}
      </Ask>
    </Card>
  );
}

function Item({ row, now, vote }: { row: ProposalRow; now: ProposalNow | undefined; vote: VoteRow | undefined }): ReactElement {
  const kindOf = useKindOf();
  const support = vote && supportOf(vote.support);
  return (
    <li className="grid gap-x-6 gap-y-2 border-b border-line px-4 py-3 last:border-0 md:grid-cols-[minmax(0,1fr)_16rem]">
      <div className="min-w-0">
        <p>
          <span className="mr-2 inline-block">
            <StateChip state={now?.state} />
          </span>
          <Link to={`/gov/${idHex(BigInt(row.proposal_id))}`} className="font-medium">
            {plain(headingOf(row.description), 120)}
          </Link>
        </p>
        <div className="mt-1 flex flex-wrap gap-x-3 gap-y-1 text-[0.93rem] text-ink-2">
          <span>{GOVERNOR_NAMES[kindOf(row.governor)]} governor</span>
          {now && <When row={row} now={now} />}
          {support && (
            <span className="inline-flex items-center gap-1">
              You voted <SupportChip support={support} />
            </span>
          )}
          {now?.state === "Active" && !support && now.hasVoted === false && now.myVotesWei !== undefined && now.myVotesWei > 0n && <span className="font-medium text-info">You can vote</span>}
        </div>
      </div>
      {now && now.state !== "Pending" && (
        <div>
          <TallyLine tally={now.tally} />
          <Quorum tally={now.tally} quorumWei={now.quorumWei} isShort />
        </div>
      )}
    </li>
  );
}

/** The date that matters next, by the chain's clock. */
function When({ row, now }: { row: ProposalRow; now: ProposalNow }): ReactElement {
  if (now.state === "Pending") return <span>voting begins <Moment unixS={now.snapshotS + TICK_S} /></span>;
  if (now.state === "Active") return <span>voting ends <Moment unixS={now.deadlineS + TICK_S} /></span>;
  if (now.state === "Succeeded") return <span>voting ended <Moment unixS={now.deadlineS + TICK_S} /></span>;
  if (now.state === "Queued") return <span>executable <Moment unixS={now.etaS} /></span>;
  return <span>proposed <Moment unixS={row.born_at_s} /></span>;
}
