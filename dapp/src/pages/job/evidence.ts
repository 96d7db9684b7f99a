/** Evidence for the checks of a job: read from the chain itself, since an index could lie. */
import { useQuery } from "@tanstack/react-query";
import { getBlock, getTransaction } from "viem/actions";
import type { Address, Hex } from "viem";
import { useConfig } from "wagmi";
import { getClient, readContract } from "wagmi/actions";
import type { Config as WagmiConfig } from "wagmi";
import { blockHashBeaconAbi, jobMarketAbi } from "../../generated/abis";
import type { Check, Evidence } from "../../job/check";
import type { Manifest } from "../../job/manifest";
import type { Config } from "../../lib/config";
import { useNetwork } from "../../lib/context";
import type { EventRow, JobRow } from "../../queries/rows";

/** What the chain says of a job; a part that cannot be had stays open and fails nothing. */
export async function readEvidence(wagmi: WagmiConfig, network: Config, row: JobRow, events: readonly EventRow[], manifest: Manifest | undefined, outRoot: Hex | undefined): Promise<Evidence> {
  const market = network.contracts.market as Address;
  const [{ openingOfInput }, client] = [await import("../../job/commitment"), getClient(wagmi)];
  const shown = events.findLast(({ name }) => name === "JobRevealed") ?? events.findLast(({ name }) => name === "AuditContested");
  const onChain = await readContract(wagmi, { address: market, abi: jobMarketAbi, functionName: "job", args: [row.job_id as Hex] });
  // The record of a job that is over keeps no round; its events name it.
  const drawn = events.findLast(({ name }) => name === "DrawRenewed") ?? events.findLast(({ name }) => name === "JobCommitted");
  const round = BigInt(String((drawn?.data as { round?: unknown } | undefined)?.round ?? 0));
  const [transaction, beacon] = await Promise.all([
    shown && client ? getTransaction(client, { hash: shown.tx_hash as Hex }).catch(() => undefined) : undefined,
    round === 0n || !network.contracts.beacon
      ? undefined
      : readContract(wagmi, { address: network.contracts.beacon, abi: blockHashBeaconAbi, functionName: "value", args: [round] }).catch(() => undefined),
  ]);
  return {
    chainId: network.chain_id,
    market,
    jobId: row.job_id as Hex,
    opening: transaction ? (openingOfInput(transaction.input) ?? undefined) : undefined,
    beacon,
    binding: onChain.binding,
    outRoot,
    manifest,
  };
}

/** The checks of a job, made again when events come. */
export function useChecks(row: JobRow, events: readonly EventRow[], manifest: Manifest | undefined, outRoot: Hex | undefined) {
  const network = useNetwork();
  const wagmi = useConfig();
  return useQuery({
    queryKey: ["chain", "checks", row.job_id, events.length, manifest?.modelId, outRoot],
    queryFn: async (): Promise<Check[]> => {
      const [evidence, { checkJob }] = await Promise.all([readEvidence(wagmi, network, row, events, manifest, outRoot), import("../../job/checks")]);
      return checkJob(events as never, evidence);
    },
    enabled: events.length > 0,
    refetchInterval: false,
    staleTime: 30_000,
  });
}

/** Unix seconds of the blocks that events lie in. */
export async function blockTimes(wagmi: WagmiConfig, events: readonly EventRow[]): Promise<Map<number, number>> {
  const client = getClient(wagmi);
  const numbers = [...new Set(events.map((event) => event.block_number))];
  const blocks = await Promise.all(numbers.map((number) => getBlock(client as NonNullable<typeof client>, { blockNumber: BigInt(number) })));
  return new Map(blocks.map((block) => [Number(block.number), Number(block.timestamp)]));
}
