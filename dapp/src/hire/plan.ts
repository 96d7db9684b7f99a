/** From a checked draft to the plan that is signed: what lacks and the job, in one transaction. */
import type { Address, Hex } from "viem";
import type { Config as WagmiConfig } from "wagmi";
import { readContract } from "wagmi/actions";
import type { Call, Plan, Step } from "../actions/types";
import { NO_PERMIT, type Permit, spendSteps } from "../actions/permit";
import { jobMarketAbi, stakeManagerAbi } from "../generated/abis";
import type { Escrow } from "../job/escrow";
import { offerToAbi } from "../job/offer";
import { type JobSpec, jobIdOf, specHash, specToAbi } from "../job/spec";
import { chainNow } from "../lib/clock";
import type { Config } from "../lib/config";
import { nvy, shortHex, span } from "../lib/format";
import { sameAddress } from "./draft";
import type { CheckedOffer } from "./offers";

export interface Hiring {
  wagmi: WagmiConfig;
  network: Config;
  client: Address;
  spec: JobSpec;
  salt: Hex;
  /** What the job takes out of the free balance at most. */
  escrow: Escrow;
  /** Of the client in the market now. */
  freeWei: bigint;
  /** Where nodes fetch the input. */
  source: string;
  /** The offer to take, or how long to list. */
  how: { offer: CheckedOffer } | { listingS: number; minLockWei: bigint };
  onDone: (jobId: Hex) => void;
}

/** What is deposited with the call that hires; mirrors the contract's struct. */
type Payment = Permit & { amount: bigint };

/** The id that the job will have on chain. */
export function jobIdFor(hiring: Hiring): Hex {
  const { network, client, salt, spec } = hiring;
  return jobIdOf(network.chain_id, network.contracts.market as Address, client, salt, specHash(spec));
}

/** The plan: one transaction, which also deposits what the free balance lacks; a wallet that signs no permit approves before it. */
export function hirePlan(hiring: Hiring): Plan {
  const { escrow, freeWei, network } = hiring;
  const market = network.contracts.market as Address;
  const missing = escrow.maxCostWei > freeWei ? escrow.maxCostWei - freeWei : 0n;
  const job = jobStep(hiring, market);
  return {
    key: `hire:${hiring.salt}`,
    title: "offer" in hiring.how ? "Hire this provider" : "List this job",
    steps: missing === 0n ? [job.step] : paidSteps(hiring, market, missing, job),
    maxCostWei: escrow.maxCostWei,
    refund: "Everything, if no provider delivers in time or an audit finds the result wrong. What audits did not need comes back with the settlement.",
    closesWhenDone: true,
    recheck: () => recheck(hiring),
    onDone: () => hiring.onDone(jobIdFor(hiring)),
  };
}

interface JobStep {
  step: Step;
  /** The same call, which first deposits a payment. */
  paid: (payment: Payment) => Call;
}

/** A permit where the wallet signs one, else an approval; then deposit and job at once. */
function paidSteps(hiring: Hiring, market: Address, amountWei: bigint, { step, paid }: JobStep): Step[] {
  const { network, wagmi, client, escrow } = hiring;
  // Another window, or a wallet that was left open, may have deposited since the balance was read.
  const isThere = async (): Promise<boolean> => (await readContract(wagmi, { address: market, abi: jobMarketAbi, functionName: "freeOf", args: [client] })) >= escrow.maxCostWei;
  const [allow, move] = spendSteps({ wagmi, chainId: network.chain_id, token: network.contracts.token as Address, owner: client, spender: market, amountWei }, `Deposit ${nvy(amountWei)} NVY and ${step.title.charAt(0).toLowerCase()}${step.title.slice(1)}`, {
    withPermit: (permit) => paid({ amount: amountWei, ...permit }),
    plain: () => paid({ amount: amountWei, ...NO_PERMIT }),
  });
  return [
    // One click signs both: what the second does is shown before it.
    { ...allow, facts: [...allow.facts, ...step.facts], isDone: async () => (await step.isDone?.()) || (await isThere()) || ((await allow.isDone?.()) ?? false) },
    {
      ...step,
      title: move.title,
      facts: [["Deposited first", `${nvy(amountWei, 6)} NVY from your wallet`], ...step.facts],
      call: async () => ((await isThere()) ? step.call() : move.call()),
    },
  ];
}

function jobStep(hiring: Hiring, market: Address): JobStep {
  const { spec, salt, how, escrow } = hiring;
  const isDone = async (): Promise<boolean> => {
    const state = await readContract(hiring.wagmi, { address: market, abi: jobMarketAbi, functionName: "stateOf", args: [jobIdFor(hiring)] });
    return Number(state) !== 0;
  };
  const call = (functionName: string, args: readonly unknown[]): Call => ({ address: market, abi: jobMarketAbi, functionName, args });
  if ("offer" in how) {
    const { offer, signature, line } = how.offer;
    const args = [specToAbi(spec), salt, offerToAbi(offer), signature];
    return {
      step: {
        title: "Take the offer",
        facts: [
          ["Provider", shortHex(offer.provider)],
          ["Price", `${nvy(offer.priceWei, 6)} NVY, ${line.rank === 1 ? "the best offer" : `rank ${line.rank}`}`],
          ["Stake behind it", `${nvy(offer.lockWei)} NVY`],
          ["For audits", `${nvy(escrow.heldWei, 6)} NVY held`],
        ],
        isDone,
        call: () => call("open", args),
      },
      paid: (payment) => call("openWithPermit", [payment, ...args]),
    };
  }
  const args = (): readonly unknown[] => [specToAbi(spec), salt, escrow.priceWei, how.minLockWei, Math.floor(chainNow()) + how.listingS, hiring.source];
  return {
    step: {
      title: "List the job",
      facts: [
        ["Price", `at most ${nvy(escrow.priceWei, 6)} NVY`],
        ["Listed for", span(how.listingS)],
        ["For audits", `${nvy(escrow.heldWei, 6)} NVY held`],
      ],
      isDone,
      call: () => call("post", args()),
    },
    paid: (payment) => call("postWithPermit", [payment, ...args()]),
  };
}

/** Read again what was shown: the signer of the offer, its nonce, and that it is not over. */
async function recheck(hiring: Hiring): Promise<string | undefined> {
  const { how, network, wagmi } = hiring;
  if (!("offer" in how)) return undefined;
  const { offer, signer } = how.offer;
  if (offer.validUntilS <= chainNow() + 5) return "The offer has run out. Close this; the page asks for a new one.";
  const [operator, used] = await Promise.all([
    readContract(wagmi, { address: network.contracts.stake_manager as Address, abi: stakeManagerAbi, functionName: "operatorOf", args: [offer.provider as Address] }),
    readContract(wagmi, { address: network.contracts.market as Address, abi: jobMarketAbi, functionName: "isNonceUsed", args: [offer.provider as Address, offer.nonce] }),
  ]);
  if (!sameAddress(operator, signer)) return "The offer is not signed by the key that the provider registered.";
  // The plan's own transaction uses the nonce: after it the step counts as done before this is asked.
  if (used) return "The offer was taken or withdrawn in the meantime.";
  return undefined;
}
