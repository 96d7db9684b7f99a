/**
 * Votes that are signed here and sent by somebody else, as small JSON files; the command line reads and writes the same.
 *
 * Pure twin of governance.ballots (EIP-712 of OpenZeppelin's Governor). Without a reason it is a
 * `Ballot`, with one an `ExtendedBallot` without parameters.
 */
import { type Address, type Hex, getAddress, isAddress, isHex } from "viem";
import { type Support, SUPPORTS, idHex } from "./proposals.ts";

export const FORMAT = "neurovoyance-ballot/1";

export interface Unsigned {
  chainId: number;
  governor: Address;
  proposalId: bigint;
  support: Support;
  voter: Address;
  nonce: bigint;
  reason: string;
}

export interface Ballot extends Unsigned {
  /** 65 bytes r, s, v; longer for a contract wallet. */
  signature: Hex;
}

const FIELDS = [
  { name: "proposalId", type: "uint256" },
  { name: "support", type: "uint8" },
  { name: "voter", type: "address" },
  { name: "nonce", type: "uint256" },
] as const;
const REASON = [
  { name: "reason", type: "string" },
  { name: "params", type: "bytes" },
] as const;

interface TypedBallot {
  domain: { name: string; version: string; chainId: number; verifyingContract: Address };
  types: Record<string, readonly { name: string; type: string }[]>;
  primaryType: string;
  message: Record<string, unknown>;
}

/** Domain, types and message as wallets sign them; `name` is the governor's `name()`. */
export function typedBallot(ballot: Unsigned, name: string): TypedBallot {
  const domain = { name, version: "1", chainId: ballot.chainId, verifyingContract: ballot.governor };
  const message = { proposalId: ballot.proposalId, support: SUPPORTS.indexOf(ballot.support), voter: ballot.voter, nonce: ballot.nonce };
  return ballot.reason === ""
    ? { domain, types: { Ballot: FIELDS }, primaryType: "Ballot", message }
    : { domain, types: { ExtendedBallot: [...FIELDS, ...REASON] }, primaryType: "ExtendedBallot", message: { ...message, reason: ballot.reason, params: "0x" } };
}

/** The call that casts it, from anybody's wallet. */
export function ballotCall(ballot: Ballot): { functionName: string; args: readonly unknown[] } {
  const head = [ballot.proposalId, SUPPORTS.indexOf(ballot.support), ballot.voter] as const;
  return ballot.reason === ""
    ? { functionName: "castVoteBySig", args: [...head, ballot.signature] }
    : { functionName: "castVoteWithReasonAndParamsBySig", args: [...head, ballot.reason, "0x", ballot.signature] };
}

export function ballotJson(ballot: Ballot): string {
  const fields = {
    chain_id: ballot.chainId,
    format: FORMAT,
    governor: ballot.governor,
    nonce: Number(ballot.nonce),
    proposal_id: idHex(ballot.proposalId),
    reason: ballot.reason,
    signature: ballot.signature,
    support: ballot.support,
    voter: ballot.voter,
  };
  return JSON.stringify(fields, null, 2);
}

/** The ballot in a JSON text; a sentence when it is none. */
export function parseBallot(text: string): { ballot: Ballot } | { fault: string } {
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { fault: "This is no JSON. Paste the whole ballot, from { to }." };
  }
  if (found === null || typeof found !== "object" || found.format !== FORMAT) return { fault: "This is no signed ballot: its format is not neurovoyance-ballot/1." };
  const { chain_id, governor, proposal_id, support, voter, nonce, reason, signature } = found;
  if (!Number.isSafeInteger(chain_id)) return { fault: "The field chain_id is not a number." };
  if (typeof governor !== "string" || !isAddress(governor)) return { fault: "The field governor is not an address." };
  if (typeof voter !== "string" || !isAddress(voter)) return { fault: "The field voter is not an address." };
  if (typeof proposal_id !== "string" || !/^0x[0-9a-fA-F]{1,64}$/.test(proposal_id)) return { fault: "The field proposal_id is not the id of a proposal." };
  if (!SUPPORTS.includes(support as Support)) return { fault: "The field support is not for, against or abstain." };
  if (!Number.isSafeInteger(nonce) || (nonce as number) < 0) return { fault: "The field nonce is not a number." };
  if (typeof reason !== "string") return { fault: "The field reason is not a text." };
  if (!isHex(signature) || signature.length < 4 || signature.length % 2 === 1) return { fault: "The field signature is not 0x and hexadecimal digits." };
  return {
    ballot: { chainId: chain_id as number, governor: getAddress(governor), proposalId: BigInt(proposal_id), support: support as Support, voter: getAddress(voter), nonce: BigInt(nonce as number), reason, signature },
  };
}
