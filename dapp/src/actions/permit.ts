/** EIP-2612 permits: one signature in place of an approval; wallets that cannot sign one get the approval. */
import { type Address, parseSignature, zeroHash } from "viem";
import { readContract, signTypedData } from "wagmi/actions";
import type { Config as WagmiConfig } from "wagmi";
import { computeTokenAbi } from "../generated/abis";
import { chainAway } from "../lib/api";
import { chainNow } from "../lib/clock";
import { isRejection } from "../wallet/errors";
import type { Call, Step } from "./types";
import { nvy } from "../lib/format";

/** A permit is used within one plan; an hour leaves room for a slow wallet and a slow chain. */
const VALID_S = 3_600;

export interface Permit {
  deadline: bigint;
  v: number;
  r: `0x${string}`;
  s: `0x${string}`;
}

/** In the place of a permit where an allowance stands. */
export const NO_PERMIT: Permit = { deadline: 0n, v: 0, r: zeroHash, s: zeroHash };

export interface Spend {
  wagmi: WagmiConfig;
  chainId: number;
  token: Address;
  owner: Address;
  /** The contract that takes the tokens. */
  spender: Address;
  amountWei: bigint;
}

async function signPermit(spend: Spend): Promise<Permit> {
  const { wagmi, token, owner, spender, amountWei } = spend;
  const read = { address: token, abi: computeTokenAbi } as const;
  const [nonce, name] = await Promise.all([
    readContract(wagmi, { ...read, functionName: "nonces", args: [owner] }),
    readContract(wagmi, { ...read, functionName: "name" }),
  ]);
  const deadline = BigInt(Math.floor(chainNow()) + VALID_S);
  const signature = await signTypedData(wagmi, {
    account: owner,
    domain: { name, version: "1", chainId: spend.chainId, verifyingContract: token },
    types: {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    primaryType: "Permit",
    message: { owner, spender, value: amountWei, nonce, deadline },
  });
  const { r, s, v, yParity } = parseSignature(signature);
  return { deadline, r, s, v: Number(v ?? BigInt(yParity + 27)) };
}

/**
 * The steps that move tokens into a contract: with a permit one transaction, else approve and move.
 *
 * @param withPermit builds the call for a permit; @param plain for an allowance that stands.
 */
export function spendSteps(spend: Spend, title: string, calls: { withPermit: (permit: Permit) => Call; plain: () => Call }): [allow: Step, move: Step] {
  let permit: Permit | undefined;
  const allowance = (): Promise<bigint> => readContract(spend.wagmi, { address: spend.token, abi: computeTokenAbi, functionName: "allowance", args: [spend.owner, spend.spender] });
  return [
    {
      title: `Allow ${nvy(spend.amountWei)} NVY to be taken`,
      facts: [["Allowed amount", `${nvy(spend.amountWei)} NVY, once`]],
      isDone: async () => (await allowance()) >= spend.amountWei,
      bySignature: async () => {
        try {
          permit = await signPermit(spend);
          return true;
        } catch (error) {
          if (isRejection(error) || chainAway(error)) throw error;
          return false; // this wallet signs no permits: approve by a transaction
        }
      },
      call: () => ({ address: spend.token, abi: computeTokenAbi, functionName: "approve", args: [spend.spender, spend.amountWei] }),
    },
    {
      title,
      facts: [["Amount", `${nvy(spend.amountWei)} NVY`]],
      call: () => (permit === undefined ? calls.plain() : calls.withPermit(permit)),
    },
  ];
}
