/** Facts of money read from the contracts, several at a time; everything that is signed here is decided by them. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type Address, stringToHex } from "viem";
import { getBlock } from "viem/actions";
import { useConfig } from "wagmi";
import { getClient } from "wagmi/actions";
import { emissionControllerAbi, protocolParamsAbi, stakeManagerAbi } from "../generated/abis";
import type { ContractName } from "../lib/config";
import { useNetwork } from "../lib/context";
import { useIndex } from "../queries";
import { readNow } from "../queries/chain";
import { chainKey } from "../queries/client";
import { DEFAULTS, type ParamKey } from "./defaults";
import { claimableEpochs, epochOf } from "./epochs";

type Wagmi = ReturnType<typeof useConfig>;
/** Parameters change once a week at most; sums of many reads are not worth asking every five seconds. */
const SLOW_MS = 30_000;

/** Parameters as they hold now. Without ProtocolParams they are the contracts' own and never move. */
export function useParams<K extends ParamKey>(keys: readonly K[]): UseQueryResult<Record<K, bigint>> {
  const wagmi = useConfig();
  const params = useNetwork().contracts.params;
  return useQuery({
    queryKey: chainKey("params", ...keys),
    queryFn: async () => {
      const values = await Promise.all(keys.map((key) => (params === undefined ? Promise.resolve(DEFAULTS[key]) : readNow(wagmi, params, protocolParamsAbi, "valueOf", [stringToHex(key, { size: 32 })]))));
      return Object.fromEntries(keys.map((key, index) => [key, values[index]])) as Record<K, bigint>;
    },
    staleTime: SLOW_MS,
    refetchInterval: SLOW_MS,
  });
}

/** Time of the newest block, unix seconds: which week it is decides what the contracts answer. */
async function blockTimeS(wagmi: Wagmi): Promise<number> {
  const client = getClient(wagmi);
  if (client === undefined) throw new Error("no chain is configured");
  return Number((await getBlock(client)).timestamp);
}

export interface Position {
  provider: Address;
  shares: bigint;
  amountWei: bigint;
  unbondingWei: bigint;
  readyAtS: bigint;
  rewardWei: bigint;
  /** Epochs whose delegators' part nobody has shared out yet. */
  toHandOn: number[];
}

const HANDED_ON = 2 ** 31;

async function positionOf(wagmi: Wagmi, contracts: Partial<Record<ContractName, Address>>, provider: Address, account: Address): Promise<Position> {
  const stakes = contracts.stake_manager as Address;
  const [[shares, amountWei, unbondingWei, readyAtS], rewardWei, toHandOn] = await Promise.all([
    readNow(wagmi, stakes, stakeManagerAbi, "delegationOf", [provider, account]),
    readNow(wagmi, stakes, stakeManagerAbi, "rewardOf", [provider, account]),
    contracts.emission === undefined ? [] : handOnEpochs(wagmi, contracts.emission, provider),
  ]);
  return { provider, shares, amountWei, unbondingWei, readyAtS, rewardWei, toHandOn };
}

/** Epochs of which a provider's delegators still have their part to get. */
export async function handOnEpochs(wagmi: Wagmi, emission: Address, provider: Address): Promise<number[]> {
  const epochs = claimableEpochs(await blockTimeS(wagmi));
  const weights = await Promise.all(epochs.map((epoch) => readNow(wagmi, emission, emissionControllerAbi, "weightOf", [provider, BigInt(epoch)])));
  return epochs.filter((_, index) => {
    const part = Number(weights[index]?.delegatedE9 ?? 0);
    return part !== 0 && part < HANDED_ON;
  });
}

export const usePositionsOf = (account: Address): UseQueryResult<{ items: { provider: Address }[] }> => useIndex(`/api/accounts/${account}/delegations`);

/** All delegations of an account: which, from the index; how much, from the contract. */
export function usePositions(account: Address): UseQueryResult<Position[]> {
  const wagmi = useConfig();
  const { contracts, flags } = useNetwork();
  const known = usePositionsOf(account);
  const providers = known.data?.items.map((item) => item.provider);
  const positions = useQuery({
    queryKey: chainKey("positions", account, ...(providers ?? [])),
    queryFn: () => Promise.all((providers ?? []).map((provider) => positionOf(wagmi, contracts, provider, account))),
    enabled: flags.economy && providers !== undefined,
  });
  // Where the index cannot tell whom an account stands behind, nothing is known of its delegations.
  return known.error && known.data === undefined ? ({ ...positions, error: known.error, refetch: known.refetch } as unknown as UseQueryResult<Position[]>) : positions;
}

export interface PoolFact {
  provider: Address;
  operator: Address;
  ownWei: bigint;
  delegatedWei: bigint;
  commissionBps: bigint;
  nextBps: bigint;
  nextSinceS: bigint;
  ageS: bigint;
  /** Own and delegated stake that availability emission goes by, in this epoch. */
  weightWei: bigint;
}

/** What somebody who delegates should know of providers. */
export function usePools(providers: readonly Address[]): UseQueryResult<PoolFact[]> {
  const wagmi = useConfig();
  const stakes = useNetwork().contracts.stake_manager as Address;
  return useQuery({
    queryKey: chainKey("pools", ...providers),
    queryFn: async () => {
      const epoch = BigInt(epochOf(await blockTimeS(wagmi)));
      return Promise.all(
        providers.map(async (provider): Promise<PoolFact> => {
          const [operator, stake, [delegatedWei, , commissionBps], [nextBps, nextSinceS], ageS, [own, counted]] = await Promise.all([
            readNow(wagmi, stakes, stakeManagerAbi, "operatorOf", [provider]),
            readNow(wagmi, stakes, stakeManagerAbi, "stakeOf", [provider]),
            readNow(wagmi, stakes, stakeManagerAbi, "poolStakeOf", [provider]),
            readNow(wagmi, stakes, stakeManagerAbi, "commissionOf", [provider]),
            readNow(wagmi, stakes, stakeManagerAbi, "ageOf", [provider]),
            readNow(wagmi, stakes, stakeManagerAbi, "weightAt", [provider, epoch]),
          ]);
          return { provider, operator, ownWei: stake.own, delegatedWei, commissionBps, nextBps, nextSinceS, ageS, weightWei: own + counted };
        }),
      );
    },
    refetchInterval: SLOW_MS,
    enabled: providers.length > 0,
  });
}

export interface Claim {
  epoch: number;
  workWei: bigint;
  availWei: bigint;
  delegatedWei: bigint;
}

/** Emission that a provider can claim now, by epoch. */
export function useClaims(provider: Address): UseQueryResult<Claim[]> {
  const wagmi = useConfig();
  const emission = useNetwork().contracts.emission;
  return useQuery({
    queryKey: chainKey("claims", provider),
    queryFn: async () => {
      const epochs = claimableEpochs(await blockTimeS(wagmi));
      const weights = await Promise.all(epochs.map((epoch) => readNow(wagmi, emission as Address, emissionControllerAbi, "weightOf", [provider, BigInt(epoch)])));
      const open = epochs.filter((_, index) => (weights[index]?.loyalty ?? 0) !== 0);
      const rewards = await Promise.all(open.map((epoch) => readNow(wagmi, emission as Address, emissionControllerAbi, "rewardOf", [provider, BigInt(epoch)])));
      return open.map((epoch, index) => ({ epoch, workWei: rewards[index]?.work ?? 0n, availWei: rewards[index]?.avail ?? 0n, delegatedWei: rewards[index]?.delegated ?? 0n }));
    },
    enabled: emission !== undefined,
    staleTime: SLOW_MS,
    refetchInterval: SLOW_MS,
  });
}
