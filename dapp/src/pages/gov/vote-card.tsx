/** Voting: For, Against or Abstain with a reason, sent by oneself or signed for somebody else to send. */
import { type ReactElement, useState } from "react";
import type { Address } from "viem";
import { useConfig } from "wagmi";
import { signTypedData } from "wagmi/actions";
import { useTx } from "../../actions/tx";
import { Amount, Button, Card, Copy, Field, Moment, Notice } from "../../components/basics";
import { Dialog } from "../../components/dialog";
import { standardGovernorAbi } from "../../generated/abis";
import { ballotJson, typedBallot } from "../../gov/ballot";
import { SUPPORT_WORDS, type Support, supportOf } from "../../gov/proposals";
import { TICK_S } from "../../gov/timeline";
import { saveFile } from "../../lib/csv";
import { useNetwork } from "../../lib/context";
import { rowsOf, useVotes } from "../../queries";
import { readNow } from "../../queries/chain";
import { NeedsWallet } from "../../wallet/gate";
import { ballotRefusal } from "./actions";
import { SupportChip } from "./parts";
import { type Proposal, signPlan, votePlan } from "./plans";
import { isNobody } from "./power";
import { type ProposalNow, usePower } from "./reads";
import { RelayBox } from "./relay-box";

const REASON_MAX = 2_000;
const CHOICES: readonly Support[] = ["for", "against", "abstain"];

export function VoteCard({ proposal, now }: { proposal: Proposal; now: ProposalNow }): ReactElement {
  return (
    <Card title="Your vote" flush>
      <NeedsWallet why="With a wallet you see the votes that count here, and can cast them.">{(account) => <Mine key={account} account={account} proposal={proposal} now={now} />}</NeedsWallet>
      {now.state === "Active" && <RelayBox proposal={proposal} />}
    </Card>
  );
}

interface Props {
  account: Address;
  proposal: Proposal;
  now: ProposalNow;
}

function Mine({ account, proposal, now }: Props): ReactElement {
  const own = useVotes({ voter: account, proposal_id: proposal.id.toString() }, now.hasVoted === true);
  const vote = now.hasVoted ? rowsOf(own)[0] : undefined;
  const support = vote && supportOf(vote.support);
  return (
    <div className="flex flex-col gap-3 p-4">
      <p>
        {now.myVotesWei === undefined ? (
          <>Votes count as of the end of the snapshot's day, which is over <Moment unixS={proposal.snapshotS + TICK_S} />.</>
        ) : (
          <>
            You vote with <strong><Amount wei={now.myVotesWei} unit="" /></strong>, as counted at the snapshot.
          </>
        )}
      </p>
      {now.myVotesWei === 0n && <NoVotes account={account} />}
      {now.hasVoted && (
        <p>
          You voted {support ? <SupportChip support={support} /> : "already"}. A vote cannot be changed.
        </p>
      )}
      {now.state === "Active" && !now.hasVoted && now.myVotesWei !== undefined && now.myVotesWei > 0n && <Ballots account={account} proposal={proposal} weightWei={now.myVotesWei} />}
      {now.state === "Pending" && <p className="text-ink-2">Voting begins <Moment unixS={now.snapshotS + TICK_S} />.</p>}
    </div>
  );
}

/** Why an account has no votes here, as far as it can be told now. */
function NoVotes({ account }: { account: Address }): ReactElement | null {
  const power = usePower(account);
  if (!power.data) return null;
  const { unitsWei, delegate } = power.data;
  const why =
    unitsWei === 0n ? "It has no stake and nothing that vests."
    : isNobody(delegate) ? "What you hold is delegated to nobody, not even to yourself."
    : "What you hold came after the snapshot, or somebody else casts it.";
  return <p className="text-ink-2">You cannot vote on this one. {why} For later proposals: stake, and delegate to yourself before their snapshot.</p>;
}

function Ballots({ account, proposal, weightWei }: { account: Address; proposal: Proposal; weightWei: bigint }): ReactElement {
  const network = useNetwork();
  const wagmi = useConfig();
  const { run, isOpen } = useTx();
  const [support, setSupport] = useState<Support>();
  const [reason, setReason] = useState("");
  const [signed, setSigned] = useState<string>();
  const isTooLong = reason.length > REASON_MAX;
  const context = { wagmi, network };
  const vote = support && !isTooLong ? { support, reason: reason.trim(), weightWei } : undefined;
  const sign = async (): Promise<void> => {
    if (!vote) return;
    const [nonce, name] = await Promise.all([readNow(wagmi, proposal.governor, standardGovernorAbi, "nonces", [account]), readNow(wagmi, proposal.governor, standardGovernorAbi, "name", [])]);
    const blank = { chainId: network.chain_id, governor: proposal.governor, proposalId: proposal.id, support: vote.support, voter: account, nonce, reason: vote.reason };
    const signature = await signTypedData(wagmi, { account, ...typedBallot(blank, name) });
    const ballot = { ...blank, signature };
    const refusal = await ballotRefusal(wagmi, ballot);
    if (refusal) throw new Error(`${refusal} A contract wallet may sign in a way of its own: vote in a transaction instead.`);
    setSigned(ballotJson(ballot));
  };
  return (
    <>
      <fieldset>
        <legend className="mb-1.5 font-medium">Vote</legend>
        <div className="grid gap-2 sm:max-lg:grid-cols-3">
          {CHOICES.map((one) => (
            <label key={one} className={`flex items-center gap-2 rounded-md border px-3 py-1.5 ${one === support ? "border-accent bg-accent-soft" : "border-line-strong"}`}>
              <input type="radio" name="support" checked={one === support} onChange={() => setSupport(one)} className="size-4 accent-accent" />
              {SUPPORT_WORDS[one]}
            </label>
          ))}
        </div>
      </fieldset>
      <Field label="Reason" hint="Public for ever; may be left out." error={isTooLong ? `A reason has at most ${REASON_MAX.toLocaleString("en-US")} characters here.` : undefined}>
        {(field) => <textarea {...field} className="input" rows={3} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" disabled={!vote} busy={isOpen(`vote:${proposal.id}`)} onClick={() => vote && run(votePlan(context, proposal, account, vote))}>
          Vote
        </Button>
        <Button disabled={!vote} busy={isOpen(`sign:${proposal.id}`)} onClick={() => vote && run(signPlan(context, proposal, account, vote, sign))}>
          Sign only, without gas
        </Button>
      </div>
      {!support && <p className="text-ink-2">Choose first; then vote, or sign a ballot that anybody can send.</p>}
      <Dialog open={signed !== undefined} onClose={() => setSigned(undefined)} title="Your signed ballot" description="Anybody can send it; nobody can change it.">
        <SignedBallot text={signed ?? ""} name={`ballot-${proposal.id.toString(16).slice(0, 8)}.json`} />
      </Dialog>
    </>
  );
}

function SignedBallot({ text, name }: { text: string; name: string }): ReactElement {
  return (
    <div className="flex flex-col gap-3">
      <Notice tone="info" title="It is not cast yet.">
        Give it to somebody who pays the network's fee, on this page or with <code>neurovoyance gov relay</code>, before voting ends.
      </Notice>
      <pre className="max-h-72 overflow-auto rounded bg-raised p-2 break-all whitespace-pre-wrap" tabIndex={0} data-testid="ballot">
        {text}
      </pre>
      <div className="flex items-center gap-2">
        <Button kind="primary" onClick={() => saveFile(name, text, "application/json")}>
          Download
        </Button>
        <span className="inline-flex items-center">
          <Copy value={text} what="ballot" /> copy
        </span>
      </div>
    </div>
  );
}
