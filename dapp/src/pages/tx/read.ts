/** Reads a transaction, its receipt and its block, and puts them into words; null where the chain knows none. */
import { type Address, type Hash, type Hex, type TransactionReceipt, TransactionNotFoundError, TransactionReceiptNotFoundError } from "viem";
import { call, getBlock, getTransaction, getTransactionReceipt } from "viem/actions";
import type { useConfig } from "wagmi";
import { getClient } from "wagmi/actions";
import type { Contracts, Decoded } from "../../money/decode";
import { failureOf } from "../../wallet/errors";

export interface Found {
  status: "pending" | "success" | "reverted";
  from: Address;
  to: Address | null;
  valueWei: bigint;
  input: Hex;
  block?: bigint;
  timeS?: number;
  feeWei?: bigint;
  gas?: bigint;
  gasLimit: bigint;
  call: Decoded;
  events: readonly { decoded: Decoded; address: Address; index: number }[];
  /** Why it was refused, in words. */
  revert?: string;
}

type Wagmi = ReturnType<typeof useConfig>;

export async function readTransaction(wagmi: Wagmi, contracts: Contracts, hash: Hash): Promise<Found | null> {
  const client = getClient(wagmi);
  if (client === undefined) throw new Error("no chain is configured");
  // All ABIs together are larger than the shell; this page alone needs them.
  const [{ decodeCall, decodeLog }, transaction] = await Promise.all([import("../../money/decode"), orNull(getTransaction(client, { hash }), TransactionNotFoundError)]);
  if (transaction === null) return null;
  const base = { from: transaction.from, to: transaction.to, valueWei: transaction.value, input: transaction.input, gasLimit: transaction.gas, call: decodeCall(contracts, transaction.to, transaction.input) };
  const receipt = await orNull(getTransactionReceipt(client, { hash }), TransactionReceiptNotFoundError);
  if (receipt === null) return { ...base, status: "pending", events: [] };
  const block = await getBlock(client, { blockNumber: receipt.blockNumber });
  const events = receipt.logs.map((log) => ({ decoded: decodeLog(contracts, log), address: log.address, index: log.logIndex }));
  const mined = { ...base, block: receipt.blockNumber, timeS: Number(block.timestamp), feeWei: receipt.gasUsed * receipt.effectiveGasPrice, gas: receipt.gasUsed, events };
  if (receipt.status === "success") return { ...mined, status: "success" };
  return { ...mined, status: "reverted", revert: await reasonOf(client, transaction, receipt) };
}

/** Try the same call on the state before its block; the chain keeps no reasons. */
async function reasonOf(client: NonNullable<ReturnType<typeof getClient>>, transaction: { from: Address; to: Address | null; input: Hex; value: bigint; gas: bigint }, receipt: TransactionReceipt): Promise<string> {
  try {
    await call(client, { account: transaction.from, to: transaction.to, data: transaction.input, value: transaction.value, gas: transaction.gas, blockNumber: receipt.blockNumber - 1n });
  } catch (error) {
    const failure = await failureOf(error);
    return failure.kind === "reverted" ? `${failure.message} (${failure.name})` : "The chain does not tell the reason any more: it keeps no state that old.";
  }
  return "Tried on the state of the block before, the same call succeeds: something in its own block came first, or it ran out of gas.";
}

async function orNull<T>(asked: Promise<T>, missing: new (...args: never[]) => Error): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof missing) return null;
    throw error;
  }
}
