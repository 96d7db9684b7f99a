/** Plans of staking, earning and vesting: each call as it is shown and signed, rechecked against the chain at the click. */
import { type ReactElement, createElement } from "react";
import { type Address, zeroAddress } from "viem";
import { useConfig } from "wagmi";
import { readContract } from "wagmi/actions";
import { spendSteps } from "../actions/permit";
import type { Call, Plan, Step } from "../actions/types";
import { Amount } from "../components/basics";
import { computeTokenAbi, emissionControllerAbi, feeRouterAbi, jobMarketAbi, stakeManagerAbi, vestingVaultAbi } from "../generated/abis";
import { chainNow } from "../lib/clock";
import type { Config } from "../lib/config";
import { useNetwork } from "../lib/context";
import { dateTime, nvy, percentOfBps, span } from "../lib/format";
import { readNow } from "../queries/chain";
import { type Position, handOnEpochs } from "./facts";
import { sharesFor } from "./stakes";
import { penaltyBps } from "./vesting";

export interface Desk {
  wagmi: ReturnType<typeof useConfig>;
  network: Config;
  account: Address;
}

export function useDesk(account: Address): Desk {
  return { wagmi: useConfig(), network: useNetwork(), account };
}

const at = (desk: Desk, name: keyof Config["contracts"]): Address => desk.network.contracts[name] ?? zeroAddress;
const stakesCall = (desk: Desk, functionName: string, args: readonly unknown[]): Call => ({ address: at(desk, "stake_manager"), abi: stakeManagerAbi, functionName, args });
const spendOf = (desk: Desk, spender: Address, amountWei: bigint) => ({ wagmi: desk.wagmi, chainId: desk.network.chain_id, token: at(desk, "token"), owner: desk.account, spender, amountWei });

async function walletCovers(desk: Desk, amountWei: bigint): Promise<string | undefined> {
  const has = await readNow(desk.wagmi, at(desk, "token"), computeTokenAbi, "balanceOf", [desk.account]);
  return has >= amountWei ? undefined : `Your wallet holds ${nvy(has)} NVY now.`;
}

/** One call, one step. */
function single(desk: Desk, title: string, effect: string, call: Call, rest: Partial<Plan> = {}): Plan {
  return { key: `${call.functionName}:${call.args.map(String).join(":")}:${desk.account}`, title, steps: [{ title, facts: [["Effect", effect]], call: () => call }], ...rest };
}

export function depositPlan(desk: Desk, amountWei: bigint): Plan {
  const market = at(desk, "market");
  return {
    key: `deposit:${desk.account}`,
    title: `Pay ${nvy(amountWei)} NVY into the market`,
    steps: spendSteps(spendOf(desk, market, amountWei), `Deposit ${nvy(amountWei)} NVY`, {
      withPermit: ({ deadline, v, r, s }) => ({ address: market, abi: jobMarketAbi, functionName: "depositWithPermit", args: [amountWei, deadline, v, r, s] }),
      plain: () => ({ address: market, abi: jobMarketAbi, functionName: "deposit", args: [amountWei] }),
    }),
    maxCostWei: amountWei,
    refund: "All of it stays yours: withdraw what no job holds at any time.",
    recheck: () => walletCovers(desk, amountWei),
  };
}

export function withdrawPlan(desk: Desk, amountWei: bigint): Plan {
  const market = at(desk, "market");
  return single(desk, `Withdraw ${nvy(amountWei)} NVY`, `${nvy(amountWei)} NVY go from the market's free balance to your wallet`, { address: market, abi: jobMarketAbi, functionName: "withdraw", args: [amountWei] }, {
    recheck: async () => {
      const free = await readNow(desk.wagmi, market, jobMarketAbi, "freeOf", [desk.account]);
      return free >= amountWei ? undefined : `Only ${nvy(free)} NVY are free now; jobs hold the rest.`;
    },
  });
}

/** Steps that add own stake; after a registration, where one is needed. */
export function stakePlan(desk: Desk, amountWei: bigint, unbondingS: bigint, registration?: { operator: Address; endpoint: string }): Plan {
  const stakes = at(desk, "stake_manager");
  const register: Step[] = registration
    ? [
        {
          title: "Register as a provider",
          facts: [
            ["Owner", desk.account],
            ["Operator", registration.operator],
            ["Answers at", registration.endpoint],
          ],
          isDone: async () => (await readNow(desk.wagmi, stakes, stakeManagerAbi, "operatorOf", [desk.account])) !== zeroAddress,
          call: () => stakesCall(desk, "register", [registration.operator, registration.endpoint]),
        },
      ]
    : [];
  const stake =
    amountWei === 0n
      ? []
      : spendSteps(spendOf(desk, stakes, amountWei), `Stake ${nvy(amountWei)} NVY`, {
          withPermit: ({ deadline, v, r, s }) => stakesCall(desk, "stakeWithPermit", [amountWei, deadline, v, r, s]),
          plain: () => stakesCall(desk, "stake", [amountWei]),
        });
  return {
    key: `stake:${desk.account}`,
    title: registration ? "Register and stake" : `Stake ${nvy(amountWei)} NVY`,
    steps: [...register, ...stake],
    maxCostWei: amountWei,
    refund: `Unbond it at any time; it is yours again ${span(Number(unbondingS))} after you ask, less what was slashed until then.`,
    warning: "Stake can be slashed: for a job that is taken and not done, and for a wrong result.",
    recheck: () => walletCovers(desk, amountWei),
  };
}

export function unbondPlan(desk: Desk, amountWei: bigint, unbondingS: bigint, alreadyWei: bigint): Plan {
  const ready = dateTime(chainNow() + Number(unbondingS));
  return single(desk, `Unbond ${nvy(amountWei)} NVY`, `${nvy(amountWei)} NVY can be withdrawn from about ${ready} on`, stakesCall(desk, "requestUnbonding", [amountWei]), {
    warning: alreadyWei > 0n ? `${nvy(alreadyWei)} NVY unbond already: they wait anew, until ${ready}, too. No votes and no new jobs on it; still slashable until withdrawn.` : "No votes and no new jobs on it; still slashable until withdrawn.",
    recheck: async () => {
      const free = await readNow(desk.wagmi, at(desk, "stake_manager"), stakeManagerAbi, "freeOf", [desk.account]);
      return free >= amountWei ? undefined : `Only ${nvy(free)} NVY of the stake are free now; the rest is locked behind work.`;
    },
  });
}

export const withdrawUnbondedPlan = (desk: Desk, wei: bigint): Plan => single(desk, "Withdraw unbonded stake", `${nvy(wei)} NVY go to your wallet`, stakesCall(desk, "withdrawUnbonded", []));
export const withdrawUndelegatedPlan = (desk: Desk, position: Position): Plan => single(desk, "Withdraw unbonded delegation", `${nvy(position.unbondingWei)} NVY go to your wallet`, stakesCall(desk, "withdrawUndelegated", [position.provider]));

export function delegatePlan(desk: Desk, provider: Address, amountWei: bigint, terms: { commissionBps: bigint; nextBps: bigint; unbondingS: bigint }): Plan {
  const stakes = at(desk, "stake_manager");
  return {
    key: `delegate:${provider}:${desk.account}`,
    title: `Put ${nvy(amountWei)} NVY behind a provider`,
    steps: [
      {
        title: `Allow ${nvy(amountWei)} NVY to be taken`,
        facts: [["Allowed amount", `${nvy(amountWei)} NVY, once`]],
        isDone: async () => (await readContract(desk.wagmi, { address: at(desk, "token"), abi: computeTokenAbi, functionName: "allowance", args: [desk.account, stakes] })) >= amountWei,
        call: () => ({ address: at(desk, "token"), abi: computeTokenAbi, functionName: "approve", args: [stakes, amountWei] }),
      },
      {
        title: `Delegate ${nvy(amountWei)} NVY`,
        facts: [
          ["Provider", provider],
          ["Its commission", percentOfBps(terms.commissionBps)],
        ],
        call: () => stakesCall(desk, "delegate", [provider, amountWei]),
      },
    ],
    maxCostWei: amountWei,
    refund: `Take it back at any time; it is yours again ${span(Number(terms.unbondingS))} after you ask.`,
    warning: "If it cheats you lose a part, too. What it earned before you came is not yours.",
    recheck: async () => {
      const [, , bps] = await readNow(desk.wagmi, stakes, stakeManagerAbi, "poolStakeOf", [provider]);
      const [nextBps] = await readNow(desk.wagmi, stakes, stakeManagerAbi, "commissionOf", [provider]);
      if (bps !== terms.commissionBps || nextBps !== terms.nextBps) return `Its commission is ${percentOfBps(bps)} now, and ${percentOfBps(nextBps)} next.`;
      return walletCovers(desk, amountWei);
    },
  };
}

export function undelegatePlan(desk: Desk, position: Position, amountWei: bigint, unbondingS: bigint): Plan {
  const shares = sharesFor(position, amountWei);
  const ready = dateTime(chainNow() + Number(unbondingS));
  return single(desk, `Take ${nvy(amountWei)} NVY back`, `${shares === position.shares ? "All shares" : "A part of the shares"} unbond; withdraw from about ${ready} on`, stakesCall(desk, "requestUndelegation", [position.provider, shares]), {
    warning: position.unbondingWei > 0n ? `${nvy(position.unbondingWei)} NVY unbond already: they wait anew, until ${ready}, too. Still slashable until withdrawn.` : "Still slashable until withdrawn.",
    recheck: async () => {
      const [now, worth] = await readNow(desk.wagmi, at(desk, "stake_manager"), stakeManagerAbi, "delegationOf", [position.provider, desk.account]);
      return now === position.shares && worth === position.amountWei ? undefined : `Your delegation is worth ${nvy(worth)} NVY now. Close this and look again.`;
    },
  });
}

/** Takes a delegator's reward; first shares out what the provider has not claimed yet. */
export function rewardPlan(desk: Desk, position: Position): Plan {
  const emission = at(desk, "emission");
  return {
    key: `reward:${position.provider}:${desk.account}`,
    title: "Take the reward of a delegation",
    steps: [
      ...position.toHandOn.map((epoch): Step => ({
        title: `Share out week ${epoch} among delegators`,
        facts: [["Effect", "the delegators' part is counted for those of now, you among them"]],
        isDone: async () => !(await handOnEpochs(desk.wagmi, emission, position.provider)).includes(epoch),
        call: () => ({ address: emission, abi: emissionControllerAbi, functionName: "handOn", args: [position.provider, BigInt(epoch)] }),
      })),
      {
        title: "Take the reward",
        facts: [["Effect", `${nvy(position.rewardWei)} NVY${position.toHandOn.length > 0 ? " and your part of what is shared out" : ""}: a part at once, the rest vests`]],
        call: () => ({ address: emission, abi: emissionControllerAbi, functionName: "claimDelegated", args: [position.provider] }),
      },
    ],
  };
}

export function harvestPlan(desk: Desk, provider: Address, feesWei: bigint, earnedWei: bigint): Plan {
  const router = desk.network.contracts.fee_router;
  const call: Call = router ? { address: router, abi: feeRouterAbi, functionName: "harvest", args: [provider] } : { address: at(desk, "market"), abi: jobMarketAbi, functionName: "harvest", args: [provider] };
  return single(desk, "Harvest", router ? `${nvy(feesWei)} NVY of fees are split: most goes to the owner at once, a part vests, a part goes to burn, treasury, insurance and audits. ${nvy(earnedWei)} NVY for audits and judging go to the owner whole` : `${nvy(earnedWei)} NVY go to the owner`, call);
}

export function claimPlan(desk: Desk, provider: Address, claims: readonly { epoch: number; workWei: bigint; availWei: bigint; delegatedWei: bigint }[]): Plan {
  return {
    key: `claim:${provider}:${desk.account}`,
    title: "Claim emission",
    steps: claims.map((claim) => ({
      title: `Claim week ${claim.epoch}`,
      facts: [
        ["For work", `${nvy(claim.workWei)} NVY`],
        ["For availability", `${nvy(claim.availWei)} NVY, ${nvy(claim.delegatedWei)} of it the delegators'`],
        ["Paid", "a part at once to the owner, the rest vests"],
      ],
      call: () => ({ address: at(desk, "emission"), abi: emissionControllerAbi, functionName: "claim", args: [provider, BigInt(claim.epoch)] }),
    })),
  };
}

export const commissionPlan = (desk: Desk, bps: bigint): Plan => single(desk, `Set the commission to ${percentOfBps(bps)}`, "a cut applies at once, a rise after its notice; each call replaces a rise that waits", stakesCall(desk, "setCommission", [bps]));

const vaultCall = (desk: Desk, functionName: string, args: readonly unknown[]): Call => ({ address: at(desk, "vault"), abi: vestingVaultAbi, functionName, args });

export const releasePlan = (desk: Desk, account: Address, wei: bigint): Plan => single(desk, `Release ${nvy(wei)} NVY`, `what has vested, ${nvy(wei)} NVY now, goes to the account`, vaultCall(desk, "release", [account]));

/** Deposits what the vault refused before; the router's or the emission's. */
export const owedPlan = (desk: Desk, name: "fee_router" | "emission", account: Address, wei: bigint): Plan =>
  single(desk, "Let it vest after all", `${nvy(wei)} NVY that the vault refused begin to vest`, { address: at(desk, name), abi: name === "emission" ? emissionControllerAbi : feeRouterAbi, functionName: "vest", args: [account] });

export const requestExitPlan = (desk: Desk, amountWei: bigint): Plan =>
  single(desk, `Announce an early exit of ${nvy(amountWei)} NVY`, "in 24 hours you may leave with it, for 72 hours; this replaces an earlier announcement", vaultCall(desk, "requestExit", [amountWei]), {
    refund: "Announcing costs nothing and binds to nothing; what is not taken goes on vesting.",
  });

/** An amount with every digit at hand: what is given up for good should be known to the last wei. */
const figure = (wei: bigint, after = ""): ReactElement => createElement("span", undefined, createElement(Amount, { wei, decimals: 6 }), after);

export interface ExitFact {
  amountWei: bigint;
  penaltyWei: bigint;
}

/** What leaving now would take and cost, read from the vault as its own call computes it. */
export async function exitNow(desk: Desk): Promise<ExitFact> {
  const vault = at(desk, "vault");
  const [[announced], allowed] = await Promise.all([readNow(desk.wagmi, vault, vestingVaultAbi, "exitOf", [desk.account]), readNow(desk.wagmi, vault, vestingVaultAbi, "allowanceOf", [desk.account])]);
  const amountWei = announced < allowed ? announced : allowed;
  return { amountWei, penaltyWei: await readNow(desk.wagmi, vault, vestingVaultAbi, "penaltyOf", [desk.account, amountWei]) };
}

export function exitPlan(desk: Desk, shown: ExitFact): Plan {
  const bps = penaltyBps(shown.penaltyWei, shown.amountWei);
  return {
    key: `exit:${desk.account}`,
    title: `Leave early with ${nvy(shown.amountWei, 6)} NVY`,
    steps: [
      {
        title: "Leave early",
        facts: [
          ["Leaves", figure(shown.amountWei)],
          ["Penalty", figure(shown.penaltyWei, ` (${percentOfBps(bps)} at most)`)],
          ["You get", figure(shown.amountWei - shown.penaltyWei)],
        ],
        call: () => vaultCall(desk, "executeExit", [bps]),
      },
    ],
    warning: `You give up ${nvy(shown.penaltyWei, 6)} NVY for good: to those who stay, to insurance and to the fire. The loyalty of your own stake falls in proportion. Waiting costs nothing.`,
    recheck: async () => {
      const now = await exitNow(desk);
      return now.amountWei === shown.amountWei && now.penaltyWei === shown.penaltyWei ? undefined : `Leaving now takes ${nvy(now.amountWei, 6)} NVY and costs ${nvy(now.penaltyWei, 6)} NVY. Close this and look again.`;
    },
  };
}
