/** Who voted how, and why. */
import type { ReactElement } from "react";
import { Amount, Card, Moment } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { SUPPORT_WORDS, supportOf } from "../../gov/proposals";
import { wei } from "../../lib/api";
import { plain } from "../../lib/format";
import { rowsOf, useVotes } from "../../queries";
import type { VoteRow } from "../../queries/rows";
import { SupportChip, Voter } from "./parts";

export const Choice = ({ vote }: { vote: VoteRow }): ReactElement => {
  const support = supportOf(vote.support);
  return support ? <SupportChip support={support} /> : <>unknown</>;
};

export const VOTE_COLUMNS: readonly Column<VoteRow>[] = [
  { label: "Voter", render: (vote) => <Voter value={vote.voter} />, csv: (vote) => vote.voter },
  { label: "Vote", render: (vote) => <Choice vote={vote} />, csv: (vote) => SUPPORT_WORDS[supportOf(vote.support) ?? "abstain"] },
  { label: "Votes", num: true, render: (vote) => <Amount wei={wei(vote.weight_wei)} unit="" />, csv: (vote) => wei(vote.weight_wei) },
  { label: "Reason", render: (vote) => <span className="whitespace-normal">{plain(vote.reason, 500) || <span className="text-ink-3">none given</span>}</span>, csv: (vote) => vote.reason },
  { label: "When", num: true, render: (vote) => <Moment unixS={vote.born_at_s} />, csv: (vote) => new Date(vote.born_at_s * 1000).toISOString() },
];

export function VotesCard({ id }: { id: bigint }): ReactElement {
  const list = useVotes({ proposal_id: id.toString() });
  const rows = rowsOf(list);
  return (
    <Card title="Votes and reasons" aside={<SourceNote source="index" updatedAt={list.dataUpdatedAt} />} flush>
      <Ask asked={list} what="votes" isEmpty={() => rows.length === 0} empty={<Empty>Nobody has voted yet.</Empty>}>
        {() => <Table caption="Votes and reasons" rows={rows} columns={VOTE_COLUMNS} keyOf={(vote) => vote.vote_id} />}
      </Ask>
      <ListFoot rows={rows} columns={VOTE_COLUMNS} name={`votes-${id.toString(16).slice(0, 8)}`} more={list} />
    </Card>
  );
}
