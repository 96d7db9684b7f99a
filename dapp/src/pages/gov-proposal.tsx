/** One proposal: what it does, where it stands, who votes how, and what can be done now. */
import type { ReactElement, ReactNode } from "react";
import { Link, useParams } from "react-router";
import type { Address } from "viem";
import { Addr, Card, Facts, Hash, Moment, Notice, PageHead } from "../components/basics";
import { Ask, Failed, Loading, SourceNote } from "../components/states";
import { type Support, STATE_WORDS, SUPPORT_WORDS, forNeededWei, headingOf, idHex, parseId } from "../gov/proposals";
import { dateOf } from "../gov/rules";
import { ApiError } from "../lib/api";
import { useNetwork } from "../lib/context";
import { nvy, percentOfBps, plain, shortHex } from "../lib/format";
import { rowsOf, useEvents, useProposal } from "../queries";
import type { EventRow, ProposalRow } from "../queries/rows";
import { useAccount } from "../wallet/gate";
import { actionsFrom, useCodeUnchanged, useDecoded, useTrial } from "./gov/actions";
import { CallsCard } from "./gov/calls-card";
import { EffectsCard } from "./gov/effects-card";
import { Markdown } from "./gov/markdown";
import { Moves } from "./gov/moves";
import { GOVERNOR_NAMES, NoVotes, Quorum, StateChip, TallyBars, useKindOf } from "./gov/parts";
import { type ProposalNow, useProposalsNow } from "./gov/reads";
import { VoteCard } from "./gov/vote-card";
import { VotesCard } from "./gov/votes-card";
import { Way } from "./gov/way";
import { NotFound } from "./not-found";

export function Component(): ReactElement {
  const { flags } = useNetwork();
  const { id = "" } = useParams();
  const number = parseId(id);
  if (!flags.economy) return <NoVotes />;
  return number === undefined ? <NotFound what="proposal" id={id} /> : <Found key={id} id={number} />;
}

function Found({ id }: { id: bigint }): ReactElement {
  const proposal = useProposal(id.toString());
  if (proposal.error instanceof ApiError && proposal.error.status === 404) return <NotFound what="proposal" id={idHex(id)} />;
  return (
    <>
      {proposal.data === undefined && <PageHead title="Proposal" />}
      <Ask asked={proposal} what="proposal">
        {(row) => <Proposal row={row} id={id} updatedAt={proposal.dataUpdatedAt} />}
      </Ask>
    </>
  );
}

function Proposal({ row, id, updatedAt }: { row: ProposalRow; id: bigint; updatedAt: number }): ReactElement {
  const account = useAccount();
  const { contracts } = useNetwork();
  const kind = useKindOf()(row.governor);
  const named = { id, governor: row.governor as Address, snapshotS: row.vote_start_s };
  const chain = useProposalsNow([named], account);
  const log = useEvents({ subject: id.toString() }, 200);
  const events = rowsOf(log);
  const now = chain.data?.get(id);
  const actions = actionsFrom(events, id);
  const calls = useDecoded(actions);
  const isOver = now?.state === "Executed" || now?.state === "Canceled" || now?.state === "Defeated" || now?.state === "Expired";
  const timelock = kind === "constitutional" ? contracts.constitutional_timelock : contracts.standard_timelock;
  const trial = useTrial(isOver || now?.state === undefined ? undefined : actions, timelock);
  const code = useCodeUnchanged(isOver ? undefined : actions, now?.codeDigest);
  const change = Object.fromEntries(calls.flatMap(({ intention }) => (intention?.kind === "change" ? [[intention.key, intention.value]] : [])));
  return (
    <>
      <PageHead title={plain(headingOf(row.description), 160)} lead={<>{GOVERNOR_NAMES[kind]} governor · <Link to="/gov">all proposals</Link></>} actions={<StateChip state={now?.state} />} />
      <div className="mb-4 flex flex-col gap-3">
        {now?.state && <p className="text-ink-2">{STATE_WORDS[now.state].now}</p>}
        {now && <Way now={now} bornS={row.born_at_s} endedS={row.changed_at_s} isVetoed={events.some(({ name }) => name === "GuardianCancelled")} />}
        {code.data === false && <Notice tone="bad" title="The code of a target is not what voters saw">The governor refuses to queue or execute this proposal.</Notice>}
      </div>
      <div className="flex flex-col items-stretch gap-4 lg:grid lg:grid-cols-[minmax(0,1fr)_22rem] lg:items-start">
        <div className={COLUMN}>
          <Place at="order-1">{actions ? <CallsCard calls={calls} trial={trial.data} isOver={isOver} isConstitutional={kind === "constitutional"} /> : <NoCalls events={events} isLoading={log.data === undefined} />}</Place>
          {!isOver && <Place at="order-4"><EffectsCard change={change} /></Place>}
          <Place at="order-5">
            <Card title="What the proposer says" aside={<SourceNote source="index" updatedAt={updatedAt} />}>
              <Markdown text={row.description.replace(OWNED, "")} />
            </Card>
          </Place>
          <Place at="order-6"><VotesCard id={id} /></Place>
        </div>
        <div className={COLUMN}>
          {!now && chain.error && <Failed error={chain.error} what="state of the proposal" retry={() => void chain.refetch()} />}
          {now && <Place at="order-2"><StandCard now={now} updatedAt={chain.dataUpdatedAt} /></Place>}
          {now && <Place at="order-3"><Moves proposal={named} proposer={row.proposer} now={now} actions={actions} isCodeUnchanged={code.data} /></Place>}
          {now && !isOver && now.state !== "Succeeded" && now.state !== "Queued" && <Place at="order-3"><VoteCard proposal={named} now={now} /></Place>}
          <Place at="order-7"><FactsCard row={row} id={id} now={now} events={events} /></Place>
        </div>
      </div>
    </>
  );
}

/** A mark for the governor, so that nobody else makes the same proposal; it says nothing to voters. */
const OWNED = /\n#proposer=0x[0-9a-fA-F]{40}\s*$/;

/** On phones the columns dissolve, and what is voted on stands before the vote. */
const COLUMN = "contents min-w-0 lg:flex lg:flex-col lg:gap-4";
const Place = ({ at, children }: { at: string; children: ReactNode }): ReactElement => <div className={`min-w-0 empty:hidden lg:order-none ${at}`}>{children}</div>;

function NoCalls({ events, isLoading }: { events: readonly EventRow[]; isLoading: boolean }): ReactElement {
  if (isLoading) return <Loading what="the calls" />;
  return (
    <Notice tone="bad" title="The calls of this proposal cannot be shown">
      {events.some(({ name }) => name === "ProposalCreated") ? "The index's copy does not hash to this proposal's id, so it is not believed." : "The index has no copy of them yet."} Do not vote on what you cannot read; <code>neurovoyance gov show</code> reads them from the chain.
    </Notice>
  );
}

function StandCard({ now, updatedAt }: { now: ProposalNow; updatedAt: number }): ReactElement {
  const { tally, majorityBps } = now;
  const needed = forNeededWei(tally, majorityBps);
  const support: Support = "for";
  return (
    <Card title="How it stands" aside={<SourceNote source="chain" updatedAt={updatedAt} />}>
      <div className="flex flex-col gap-4">
        <TallyBars tally={tally} />
        <Quorum tally={tally} quorumWei={now.quorumWei} />
        <p className="text-ink-2">
          {majorityBps === 5_000n ? "More than half" : percentOfBps(majorityBps)} of For and Against must be {SUPPORT_WORDS[support]}
          {needed === undefined || now.state !== "Active" || tally.forWei + tally.againstWei === 0n ? "." : tally.forWei >= needed ? ": it is, as the votes stand." : `: ${nvy(needed - tally.forWei, 0)} votes are missing.`}
        </p>
      </div>
    </Card>
  );
}

function FactsCard({ row, id, now, events }: { row: ProposalRow; id: bigint; now: ProposalNow | undefined; events: readonly EventRow[] }): ReactElement {
  const born = events.find(({ name }) => name === "ProposalCreated");
  return (
    <Card title="Facts">
      <Facts
        items={[
          ["Proposer", <Addr key="p" value={row.proposer} />],
          ["Id", <Hash key="i" value={idHex(id)} what="proposal id" />],
          ["Proposed", <Moment key="b" unixS={row.born_at_s} />],
          ["Votes count", `as of the end of ${dateOf(row.vote_start_s).slice(0, 10)} (UTC)`],
          now !== undefined && now.etaS > 0 && (["Executable", dateOf(now.etaS)] as const),
          born !== undefined && (["Transaction", <Link key="t" to={`/tx/${born.tx_hash}`}><code>{shortHex(born.tx_hash, 8)}</code></Link>] as const),
        ]}
      />
    </Card>
  );
}
