/** What the governance pages let a wallet sign, each checked again on the chain at the moment of the click. */
import type { Address, Hex } from "viem";
import type { Config as WagmiConfig } from "wagmi";
import type { Plan } from "../../actions/types";
import { guardianAbi, standardGovernorAbi, votingPowerAbi } from "../../generated/abis";
import { type Ballot, ballotCall } from "../../gov/ballot";
import { type Actions, SUPPORTS, SUPPORT_WORDS, STATE_WORDS, type State, type Support, descriptionHash, idHex } from "../../gov/proposals";
import { dateOf } from "../../gov/rules";
import { sameAddress } from "../../hire/draft";
import type { Config } from "../../lib/config";
import { nvy, shortHex } from "../../lib/format";
import { readNow } from "../../queries/chain";
import { type Power, readPower, readProposals } from "./reads";

export interface Context {
  wagmi: WagmiConfig;
  network: Config;
}

export interface Proposal {
  id: bigint;
  governor: Address;
  snapshotS: number;
}

const NOBODY = `0x${"0".repeat(40)}` as Address;
const votesOf = (wei: bigint): string => `${nvy(wei)} votes`;

/** Let an account's votes be cast by somebody; `to` undefined is nobody. */
export function delegatePlan({ wagmi, network }: Context, account: Address, power: Power, to: Address | undefined): Plan {
  const votes = network.contracts.votes as Address;
  const who = to === undefined ? "nobody" : sameAddress(to, account) ? "you" : shortHex(to);
  const title = to === undefined ? "Take your votes back from whoever casts them" : sameAddress(to, account) ? "Cast your votes yourself" : `Let ${who} cast your votes`;
  return {
    key: `delegate:${account}:${to ?? NOBODY}`,
    title,
    steps: [
      {
        title,
        facts: [
          ["Votes", votesOf(power.unitsWei)],
          ["Cast by", `${who}; the tokens stay yours`],
          ["Counts", "for proposals whose snapshot comes later, not for running votes"],
        ],
        call: () => ({ address: votes, abi: votingPowerAbi, functionName: "delegate", args: [to ?? NOBODY] }),
      },
    ],
    recheck: async () => {
      const now = await readPower(wagmi, votes, account);
      if (sameAddress(now.delegate, to ?? NOBODY)) return "Your votes go there already.";
      return now.unitsWei === power.unitsWei ? undefined : `You have ${votesOf(now.unitsWei)} now.`;
    },
  };
}

async function stateNow({ wagmi, network }: Context, proposal: Proposal, account?: Address) {
  return (await readProposals(wagmi, network, [proposal], account)).get(proposal.id);
}

const otherState = (state: State | undefined): string => `The proposal is in another state now: ${state ? STATE_WORDS[state].title.toLowerCase() : "unknown"}.`;

/** Vote with a reason, in one transaction. */
export function votePlan(context: Context, proposal: Proposal, account: Address, vote: { support: Support; reason: string; weightWei: bigint }): Plan {
  const { support, reason, weightWei } = vote;
  const title = `Vote ${SUPPORT_WORDS[support]}`;
  return {
    key: `vote:${proposal.id}`,
    title,
    steps: [{ title, facts: voteFacts(vote, proposal), call: () => ({ address: proposal.governor, abi: standardGovernorAbi, functionName: "castVoteWithReason", args: [proposal.id, SUPPORTS.indexOf(support), reason] }) }],
    warning: "A vote cannot be changed, and its reason is public for ever.",
    recheck: () => recheckVote(context, proposal, account, weightWei),
  };
}

const voteFacts = ({ support, reason, weightWei }: { support: Support; reason: string; weightWei: bigint }, proposal: Proposal): (readonly [string, string])[] => [
  ["Vote", SUPPORT_WORDS[support]],
  ["With", `${votesOf(weightWei)}, as they stood at the end of ${dateOf(proposal.snapshotS).slice(0, 10)} (UTC)`],
  ["Reason", reason || "none"],
];

async function recheckVote(context: Context, proposal: Proposal, voter: Address, weightWei: bigint): Promise<string | undefined> {
  const now = await stateNow(context, proposal, voter);
  if (now?.state !== "Active") return otherState(now?.state);
  if (now.hasVoted) return `${shortHex(voter)} has voted already; a vote cannot be changed.`;
  return now.myVotesWei === weightWei ? undefined : "The votes at the snapshot are others than shown.";
}

/** Sign a vote without sending it; `sign` asks the wallet. */
export function signPlan(context: Context, proposal: Proposal, account: Address, vote: { support: Support; reason: string; weightWei: bigint }, sign: () => Promise<void>): Plan {
  return {
    key: `sign:${proposal.id}`,
    title: `Sign a vote ${SUPPORT_WORDS[vote.support]}`,
    steps: [
      {
        title: "Sign the ballot",
        facts: [...voteFacts(vote, proposal), ["Sent by", "whoever you give it to; nobody can change it"]],
        isSignedOnly: true,
        bySignature: async () => {
          await sign();
          return true;
        },
        call: () => {
          throw new Error("a ballot is signed, not sent");
        },
      },
    ],
    warning: "Whoever has the signed ballot can cast it until your next signed vote at this governor is cast.",
    recheck: () => recheckVote(context, proposal, account, vote.weightWei),
    closesWhenDone: true,
  };
}

/** Send somebody's signed vote; the sender pays the fee and has no say in it. */
export function relayPlan(context: Context, proposal: Proposal, ballot: Ballot, weightWei: bigint, onDone: () => void): Plan {
  const title = `Send the vote of ${shortHex(ballot.voter)}`;
  return {
    key: `relay:${proposal.id}:${ballot.voter}`,
    title,
    steps: [
      {
        title,
        facts: [["Voter", shortHex(ballot.voter)], ...voteFacts({ ...ballot, weightWei }, proposal)],
        call: () => ({ address: ballot.governor, abi: standardGovernorAbi, ...ballotCall(ballot) }),
      },
    ],
    onDone,
    recheck: async () => {
      const nonce = await readNow(context.wagmi, ballot.governor, standardGovernorAbi, "nonces", [ballot.voter]);
      if (nonce !== ballot.nonce) return "The ballot was cast already, or its voter signed another one.";
      return recheckVote(context, proposal, ballot.voter, weightWei);
    },
  };
}

type Move = "queue" | "execute" | "cancel" | "veto";

const MOVES: Record<Move, { title: string; effect: string; state: State | undefined }> = {
  queue: { title: "Queue the proposal", effect: "it waits in the timelock, then anybody may execute it", state: "Succeeded" },
  execute: { title: "Execute the proposal", effect: "every call is made, or none; parameters apply from the next epoch", state: "Queued" },
  cancel: { title: "Withdraw the proposal", effect: "nobody votes on it any more", state: "Pending" },
  veto: { title: "Cancel the proposal as guardian", effect: "it can never be executed", state: undefined },
};

/** The steps beside voting: queue, execute, withdraw, cancel as guardian. */
export function movePlan(context: Context, proposal: Proposal, actions: Actions, move: Move, state: State): Plan {
  const { title, effect } = MOVES[move];
  const args = [actions.targets, actions.values, actions.calldatas, descriptionHash(actions.description)] as const;
  const guardian = context.network.contracts.guardian as Address;
  return {
    key: `${move}:${proposal.id}`,
    title,
    steps: [
      {
        title,
        facts: [
          ["Proposal", shortHex(idHex(proposal.id), 10)],
          ["Effect", effect],
        ],
        call: () => (move === "veto" ? { address: guardian, abi: guardianAbi, functionName: "cancel", args: [proposal.governor, ...args] } : { address: proposal.governor, abi: standardGovernorAbi, functionName: move, args }),
      },
    ],
    recheck: async () => {
      const now = await stateNow(context, proposal);
      return now?.state === state ? undefined : otherState(now?.state);
    },
  };
}

/** Make a proposal, in one transaction. */
export function proposePlan(context: Context, governor: Address, actions: Actions, asked: { name: string; words: readonly string[]; hasWei: bigint; needsWei: bigint; account: Address; onDone: () => void; recheck: () => Promise<string | undefined> }): Plan {
  const calldatas = actions.calldatas as readonly Hex[];
  return {
    key: "propose",
    title: `Propose to the ${asked.name} governor`,
    steps: [
      {
        title: "Propose",
        facts: [
          ["It would", asked.words.join("; ")],
          ["Your votes", `${votesOf(asked.hasWei)}, ${votesOf(asked.needsWei)} are needed`],
        ],
        call: () => ({ address: governor, abi: standardGovernorAbi, functionName: "propose", args: [actions.targets, actions.values, calldatas, actions.description] }),
      },
    ],
    refund: "Nothing is at stake; until voting begins you can withdraw it.",
    recheck: async () => {
      const now = await readPower(context.wagmi, context.network.contracts.votes as Address, asked.account);
      if ((now.countedWei ?? 0n) < asked.needsWei) return "You have too few votes now.";
      return asked.recheck();
    },
    closesWhenDone: true,
    onDone: asked.onDone,
  };
}
