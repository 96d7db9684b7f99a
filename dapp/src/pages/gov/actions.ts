/** Calls and text of a proposal: the index keeps a copy, the proposal's id proves it. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type Abi, type Address, type Hex, encodeFunctionData, isAddress, isHex, keccak256 } from "viem";
import { call, getCode } from "viem/actions";
import { type Config as WagmiConfig, useConfig } from "wagmi";
import { getClient } from "wagmi/actions";
import { standardGovernorAbi } from "../../generated/abis";
import { type Ballot, ballotCall } from "../../gov/ballot";
import { type DecodedCall, decodeCall } from "../../gov/calls";
import { type Actions, codeDigest, proposalId } from "../../gov/proposals";
import { useNetwork } from "../../lib/context";
import { chainKey } from "../../queries/client";
import type { EventRow } from "../../queries/rows";
import { failureOf } from "../../wallet/errors";

/** What was proposed, from the event of the proposal; undefined when its copy is not of this id. */
export function actionsFrom(events: readonly EventRow[], id: bigint): Actions | undefined {
  const body = events.find(({ name }) => name === "ProposalCreated")?.data as Record<string, unknown> | undefined;
  if (!body) return undefined;
  const { targets, values, calldatas, description } = body;
  const isCalls = Array.isArray(targets) && targets.every((target) => typeof target === "string" && isAddress(target)) && Array.isArray(calldatas) && calldatas.every((data) => isHex(data));
  if (!isCalls || !Array.isArray(values) || typeof description !== "string" || targets.length !== calldatas.length) return undefined;
  const actions = { targets: targets as Address[], values: values.map((value) => BigInt(value as string | number)), calldatas: calldatas as Hex[], description };
  return proposalId(actions) === id ? actions : undefined;
}

export function useDecoded(actions: Pick<Actions, "targets" | "calldatas"> | undefined): DecodedCall[] {
  const { contracts } = useNetwork();
  return (actions?.targets ?? []).map((target, at) => decodeCall(contracts, { target, calldata: actions?.calldatas[at] ?? "0x" }));
}

/** Whether the code of the targets is still what the governor pinned. */
export function useCodeUnchanged(actions: Actions | undefined, pinned: Hex | undefined): UseQueryResult<boolean> {
  const wagmi = useConfig();
  return useQuery({
    queryKey: chainKey("gov", "code", pinned, ...(actions?.targets ?? [])),
    queryFn: async () => {
      const client = getClient(wagmi);
      if (!client || !actions || !pinned) throw new Error("nothing to compare");
      const unique = [...new Set(actions.targets)];
      const codes = await Promise.all(unique.map((address) => getCode(client, { address })));
      const hashes = new Map(unique.map((address, at) => [address, keccak256(codes[at] ?? "0x")]));
      return codeDigest(actions.targets.map((target) => hashes.get(target) ?? "0x")) === pinned;
    },
    enabled: actions !== undefined && pinned !== undefined,
    staleTime: 60_000,
    refetchInterval: false,
  });
}

/**
 * Why the governor would not count a signed ballot now; undefined if it would. It is asked itself, for it alone
 * knows which signatures it takes: 65 bytes of a key, or what a contract wallet says yes to (ERC-1271).
 */
export async function ballotRefusal(wagmi: WagmiConfig, ballot: Ballot): Promise<string | undefined> {
  const client = getClient(wagmi);
  if (!client) throw new Error("no chain is configured");
  try {
    await call(client, { to: ballot.governor, data: encodeFunctionData({ abi: standardGovernorAbi as Abi, ...ballotCall(ballot) }) });
    return undefined;
  } catch (error) {
    const failure = await failureOf(error);
    if (failure.kind !== "reverted") throw error;
    return failure.name === "GovernorInvalidSignature" ? "The governor does not take the signature as the voter's." : failure.message;
  }
}

export type Trial = { isAccepted: true } | { isAccepted: false; why: string };

/** Each call made by the timelock in an imagined transaction now; nothing is sent. One after another is not imagined. */
export function useTrial(actions: Pick<Actions, "targets" | "calldatas"> | undefined, timelock: Address | undefined): UseQueryResult<Trial[]> {
  const wagmi = useConfig();
  return useQuery({
    queryKey: chainKey("gov", "trial", timelock, ...(actions?.calldatas ?? [])),
    queryFn: () => {
      const client = getClient(wagmi);
      if (!client || !actions) throw new Error("nothing to try");
      return Promise.all(
        actions.targets.map(async (to, at): Promise<Trial> => {
          try {
            await call(client, { account: timelock, to, data: actions.calldatas[at] });
            return { isAccepted: true };
          } catch (error) {
            const failure = await failureOf(error);
            if (failure.kind === "failed") throw error;
            return { isAccepted: false, why: failure.kind === "rejected" ? "" : failure.message };
          }
        }),
      );
    },
    enabled: actions !== undefined && timelock !== undefined,
    refetchInterval: 60_000,
  });
}
