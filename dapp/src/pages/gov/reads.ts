/** What the pages of governance read from the chain: many views in one request, all of one block. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type Abi, type Address, type Hex, stringToHex } from "viem";
import { multicall } from "viem/actions";
import { type Config as WagmiConfig, useConfig } from "wagmi";
import { getClient } from "wagmi/actions";
import { emissionControllerAbi, insuranceFundAbi, protocolParamsAbi, protocolTimelockAbi, standardGovernorAbi, treasuryAbi, votingPowerAbi } from "../../generated/abis";
import type { Facts } from "../../gov/effects";
import { PARAMETERS, WORDS, unpack } from "../../gov/params";
import { type State, type Tally, stateOf } from "../../gov/proposals";
import type { Reading, TreasuryLeft } from "../../gov/rules";
import { EPOCH_S, type GovernorTimes } from "../../gov/timeline";
import { sameAddress } from "../../hire/draft";
import { chainNow } from "../../lib/clock";
import type { Config } from "../../lib/config";
import { useNetwork } from "../../lib/context";
import { NOT_ANOTHERS, chainKey } from "../../queries/client";

export interface View {
  address: Address;
  abi: Abi | readonly unknown[];
  functionName: string;
  args?: readonly unknown[];
}

/** Results in order; undefined where a view reverts. One eth_call, hence one block. */
export async function readMany(wagmi: WagmiConfig, views: readonly View[]): Promise<unknown[]> {
  const client = getClient(wagmi);
  if (client === undefined) throw new Error("no chain is configured");
  const found = await multicall(client, { contracts: views as never, deployless: true, allowFailure: true, batchSize: 0 });
  const answers = found as { status: string; result?: unknown; error?: unknown }[];
  // One view may revert by its own rules; all of them fail together when the request did.
  if (answers.length > 0 && answers.every(({ status }) => status !== "success")) throw answers[0]?.error;
  return answers.map(({ status, result }) => (status === "success" ? result : undefined));
}

export const keyHex = (key: string): Hex => stringToHex(key, { size: 32 });

export interface Readings {
  byKey: Readonly<Record<string, Reading>>;
  /** What applies now, by key. */
  values: Record<string, bigint>;
}

/**
 * Every parameter as ProtocolParams has it: value, what waits, bounds, when it may move.
 *
 * Bounds are constants of the contract's code and stand in params.json, from which that code is made. A
 * word that was never changed has no waiting value and no rest, so only words that were are read key by key.
 *
 * @param exact keys that are read whole in any case, bounds included: those about to be signed.
 */
export async function readParameters(wagmi: WagmiConfig, params: Address, exact: readonly string[] = []): Promise<Readings> {
  const view = (functionName: string, args: readonly unknown[]): View => ({ address: params, abi: protocolParamsAbi, functionName, args });
  const firstOf = (word: string): string => PARAMETERS.find((parameter) => parameter.word === word)?.key ?? "";
  const found = await readMany(wagmi, [...WORDS.map((_, id) => view("word", [BigInt(id)])), ...WORDS.map((word) => view("nextOf", [keyHex(firstOf(word))]))]);
  const values = unpack(found.slice(0, WORDS.length) as bigint[]);
  const moved = new Set(WORDS.filter((_, id) => (found[WORDS.length + id] as [bigint, bigint])[1] !== 0n));
  const asked = PARAMETERS.filter(({ key, word }) => moved.has(word) || exact.includes(key)).map(({ key }) => key);
  const more = asked.length === 0 ? [] : await readMany(wagmi, asked.flatMap((key) => [view("nextOf", [keyHex(key)]), view("boundsOf", [keyHex(key)])]));
  const nowEpoch = Math.floor(chainNow() / EPOCH_S);
  const byKey: Record<string, Reading> = {};
  for (const known of PARAMETERS) {
    const value = values[known.key] ?? 0n;
    const at = asked.indexOf(known.key);
    if (at < 0) {
      byKey[known.key] = { parameter: known, value, next: value, sinceS: 0, readyAtS: 0 };
      continue;
    }
    const [next, since] = more[at * 2] as [bigint, bigint];
    const [min, max, , isConstitutional, readyAt] = more[at * 2 + 1] as [bigint, bigint, bigint, boolean, bigint];
    const waits = Number(since) > nowEpoch && next !== value;
    byKey[known.key] = { parameter: { ...known, min, max, class: isConstitutional ? "C" : "S" }, value, next, sinceS: waits ? Number(since) * EPOCH_S : 0, readyAtS: Number(readyAt) };
  }
  return { byKey, values };
}

export function useReadings(): UseQueryResult<Readings> {
  const { contracts } = useNetwork();
  const wagmi = useConfig();
  return useQuery({ queryKey: chainKey("gov", "parameters"), queryFn: () => readParameters(wagmi, contracts.params as Address), enabled: contracts.params !== undefined, refetchInterval: 30_000 });
}

export interface GovernorNow {
  name: string;
  thresholdWei: bigint | undefined;
  times: GovernorTimes;
  majorityBps: bigint;
  /** What a proposal would need if its snapshot were yesterday. */
  quorumWei: bigint | undefined;
}

export interface GovernorsNow {
  standard: GovernorNow;
  constitutional: GovernorNow;
  /** The clock of votes: the beginning of the present day. */
  clockS: number;
  totalVotesWei: bigint | undefined;
}

/** Settings of both governors as they apply to a proposal made now. */
export async function readGovernors(wagmi: WagmiConfig, { contracts }: Config): Promise<GovernorsNow> {
  const votes = contracts.votes as Address;
  const [clock] = await readMany(wagmi, [{ address: votes, abi: votingPowerAbi, functionName: "clock" }]);
  const clockS = Number(clock);
  const asked = (governor: Address, timelock: Address): View[] => [
    ...["name", "proposalThreshold", "votingDelay", "votingPeriod", "majorityBps"].map((functionName) => ({ address: governor, abi: standardGovernorAbi, functionName })),
    { address: governor, abi: standardGovernorAbi, functionName: "quorum", args: [BigInt(clockS - 1)] },
    { address: timelock, abi: protocolTimelockAbi, functionName: "getMinDelay" },
  ];
  const both = [asked(contracts.standard_governor as Address, contracts.standard_timelock as Address), asked(contracts.constitutional_governor as Address, contracts.constitutional_timelock as Address)] as const;
  const found = await readMany(wagmi, [...both[0], ...both[1], { address: votes, abi: votingPowerAbi, functionName: "getPastTotalSupply", args: [BigInt(clockS - 1)] }]);
  const governorOf = (at: number): GovernorNow => {
    const [name, threshold, delay, period, majority, quorum, timelock] = found.slice(at) as [string, bigint | undefined, bigint, bigint, bigint, bigint | undefined, bigint];
    return { name, thresholdWei: threshold, times: { delayS: Number(delay), periodS: Number(period), timelockS: Number(timelock) }, majorityBps: majority, quorumWei: quorum };
  };
  return { standard: governorOf(0), constitutional: governorOf(both[0].length), clockS, totalVotesWei: found.at(-1) as bigint | undefined };
}

export function useGovernors(): UseQueryResult<GovernorsNow> {
  const network = useNetwork();
  const wagmi = useConfig();
  return useQuery({ queryKey: chainKey("gov", "governors"), queryFn: () => readGovernors(wagmi, network), refetchInterval: 30_000 });
}

export interface ProposalNow {
  state: State | undefined;
  snapshotS: number;
  deadlineS: number;
  /** When a queued one may be executed; 0 if it is not queued. */
  etaS: number;
  tally: Tally;
  majorityBps: bigint;
  codeDigest: Hex;
  /** Votes For and Abstain that it needs; unknown while its snapshot is not over. */
  quorumWei: bigint | undefined;
  timelockS: number;
  hasVoted: boolean | undefined;
  /** Votes of the connected account at the snapshot; unknown before it is over. */
  myVotesWei: bigint | undefined;
}

interface Named {
  id: bigint;
  governor: string;
  snapshotS: number;
}

/** What is over does not change any more, so it is read once. */
const OVER: ReadonlySet<State> = new Set(["Canceled", "Defeated", "Expired", "Executed"]);
const kept = new Map<string, ProposalNow>();

const FIELDS = ["state", "proposalSnapshot", "proposalDeadline", "proposalEta", "proposalVotes", "termsOf", "quorumOf"] as const;

/** Proposals as their governors know them now. */
export async function readProposals(wagmi: WagmiConfig, { contracts, genesis_hash }: Config, all: readonly Named[], account?: Address): Promise<Map<bigint, ProposalNow>> {
  const keyOf = ({ id, governor }: Named): string => `${genesis_hash}:${governor}:${id}:${account ?? ""}`;
  const named = all.filter((one) => !kept.has(keyOf(one)));
  const views = named.flatMap(({ id, governor, snapshotS }): View[] => {
    const address = governor as Address;
    const timelock = (sameAddress(governor, contracts.standard_governor) ? contracts.standard_timelock : contracts.constitutional_timelock) as Address;
    const mine: View[] = account
      ? [
          { address, abi: standardGovernorAbi, functionName: "hasVoted", args: [id, account] },
          { address: contracts.votes as Address, abi: votingPowerAbi, functionName: "getPastVotes", args: [account, BigInt(snapshotS)] },
        ]
      : [];
    return [...FIELDS.map((functionName) => ({ address, abi: standardGovernorAbi, functionName, args: [id] })), { address: timelock, abi: protocolTimelockAbi, functionName: "getMinDelay" }, ...mine];
  });
  const found = views.length === 0 ? [] : await readMany(wagmi, views);
  const each = views.length / Math.max(1, named.length);
  const fresh = new Map(named.map((one, at) => [keyOf(one), nowOf(found.slice(at * each, (at + 1) * each))]));
  for (const [key, now] of fresh) if (now.state && OVER.has(now.state)) kept.set(key, now);
  return new Map(all.flatMap((one) => {
    const now = fresh.get(keyOf(one)) ?? kept.get(keyOf(one));
    return now ? [[one.id, now]] : [];
  }));
}

function nowOf([state, snapshot, deadline, eta, votes, terms, quorum, timelock, hasVoted, mine]: unknown[]): ProposalNow {
  const [againstWei, forWei, abstainWei] = (votes ?? [0n, 0n, 0n]) as [bigint, bigint, bigint];
  const [, majorityBps, codeDigest] = (terms ?? [0n, 0n, "0x"]) as [bigint, bigint, Hex];
  return {
    state: state === undefined ? undefined : stateOf(state as number),
    snapshotS: Number(snapshot ?? 0n),
    deadlineS: Number(deadline ?? 0n),
    etaS: Number(eta ?? 0n),
    tally: { forWei, againstWei, abstainWei },
    majorityBps,
    codeDigest,
    quorumWei: quorum as bigint | undefined,
    timelockS: Number(timelock ?? 0n),
    hasVoted: hasVoted as boolean | undefined,
    myVotesWei: mine as bigint | undefined,
  };
}

export function useProposalsNow(named: readonly Named[], account: Address | undefined): UseQueryResult<Map<bigint, ProposalNow>> {
  const network = useNetwork();
  const wagmi = useConfig();
  return useQuery({
    queryKey: chainKey("gov", "proposals", account, ...named.map(({ id }) => id.toString())),
    queryFn: () => readProposals(wagmi, network, named, account),
    enabled: named.length > 0,
  });
}

/** What each vote may still pay from the treasury at once. */
export async function readTreasuryLeft(wagmi: WagmiConfig, { contracts }: Config): Promise<TreasuryLeft> {
  const leftOf = (timelock: Address | undefined): View => ({ address: contracts.treasury as Address, abi: treasuryAbi, functionName: "leftOf", args: [timelock] });
  const [standardWei = 0n, constitutionalWei = 0n] = (await readMany(wagmi, [leftOf(contracts.standard_timelock), leftOf(contracts.constitutional_timelock)])) as (bigint | undefined)[];
  return { standardWei, constitutionalWei };
}

export function useTreasuryLeft(enabled: boolean): UseQueryResult<TreasuryLeft> {
  const network = useNetwork();
  const wagmi = useConfig();
  return useQuery({ queryKey: chainKey("gov", "treasury"), queryFn: () => readTreasuryLeft(wagmi, network), enabled });
}

export interface Power {
  /** Own stake, delegated stake and what vests. */
  unitsWei: bigint;
  delegate: Address;
  /** With today's moves. */
  votesWei: bigint;
  /** At the end of yesterday (UTC): what a proposal asks for. */
  countedWei: bigint | undefined;
  clockS: number;
}

export async function readPower(wagmi: WagmiConfig, votes: Address, account: Address): Promise<Power> {
  const view = (functionName: string, args: readonly unknown[] = []): View => ({ address: votes, abi: votingPowerAbi, functionName, args });
  const [units, delegate, now, clock] = (await readMany(wagmi, [view("unitsOf", [account]), view("delegates", [account]), view("getVotes", [account]), view("clock")])) as [bigint, Address, bigint, bigint];
  const [counted] = await readMany(wagmi, [view("getPastVotes", [account, BigInt(clock) - 1n]), view("clock")]);
  return { unitsWei: units, delegate, votesWei: now, countedWei: counted as bigint | undefined, clockS: Number(clock) };
}

export function usePower(account: Address | undefined): UseQueryResult<Power> {
  const { contracts } = useNetwork();
  const wagmi = useConfig();
  return useQuery({
    queryKey: chainKey("gov", "power", account),
    queryFn: () => readPower(wagmi, contracts.votes as Address, account as Address),
    enabled: account !== undefined && contracts.votes !== undefined,
    ...NOT_ANOTHERS,
  });
}

/** What the worked cases need to know of the network. */
export function useFacts(): UseQueryResult<Facts> {
  const { contracts } = useNetwork();
  const wagmi = useConfig();
  return useQuery({
    queryKey: chainKey("gov", "facts"),
    queryFn: async () => {
      const votes = contracts.votes as Address;
      const [reserve, insurance, treasury, clock] = (await readMany(wagmi, [
        { address: contracts.emission as Address, abi: emissionControllerAbi, functionName: "reserveWei" },
        { address: contracts.insurance_fund as Address, abi: insuranceFundAbi, functionName: "holdings" },
        { address: contracts.treasury as Address, abi: treasuryAbi, functionName: "holdings" },
        { address: votes, abi: votingPowerAbi, functionName: "clock" },
      ])) as (bigint | undefined)[];
      const [total] = clock === undefined ? [] : await readMany(wagmi, [{ address: votes, abi: votingPowerAbi, functionName: "getPastTotalSupply", args: [BigInt(clock) - 1n] }]);
      return { reserveWei: reserve, insuranceWei: insurance, treasuryWei: treasury, totalVotesWei: total as bigint | undefined };
    },
    refetchInterval: 60_000,
  });
}
