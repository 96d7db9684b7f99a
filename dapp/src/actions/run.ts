/** One step of a plan: simulate, estimate, sign, follow. No React; the dialog shows what this does. */
import type { QueryClient } from "@tanstack/react-query";
import { estimateFeesPerGas, getClient, simulateContract, writeContract } from "wagmi/actions";
import { estimateGas, getBlockNumber, getTransactionCount } from "viem/actions";
import type { Config as WagmiConfig } from "wagmi";
import { type Abi, type Address, type Hash, type TransactionReceipt, encodeFunctionData } from "viem";
import { addPending } from "./pending";
import type { Call, Step } from "./types";
import { followTransaction } from "./wait";

/** Margin over the estimate: state may move between the estimate and the block. */
const GAS_MARGIN_PERCENT = 125n;

export interface Prepared {
  call: Call;
  gas: bigint;
  feeWei: bigint;
}

export interface Sender {
  wagmi: WagmiConfig;
  client: QueryClient;
  account: Address;
  chainId: number;
}

/** Try a call on the chain as it is now; throws what the contract says. */
export const tryCall = (sender: Sender, call: Call): Promise<unknown> => simulateContract(sender.wagmi, { ...call, abi: call.abi as Abi, account: sender.account });

/** Build a step's call and try it on the chain: a call that would fail is never sent. */
export async function prepare(sender: Sender, step: Step): Promise<Prepared> {
  const call = await step.call();
  await tryCall(sender, call);
  const chain = getClient(sender.wagmi);
  if (chain === undefined) throw new Error("no chain is configured");
  const [gas, fees] = await Promise.all([
    estimateGas(chain, {
      account: sender.account,
      to: call.address,
      value: call.value,
      data: encodeFunctionData({ abi: call.abi as Abi, functionName: call.functionName, args: call.args as unknown[] }),
    }),
    estimateFeesPerGas(sender.wagmi),
  ]);
  const limit = (gas * GAS_MARGIN_PERCENT) / 100n;
  return { call, gas: limit, feeWei: limit * fees.maxFeePerGas };
}

/** Let the wallet sign a prepared call and follow it to its receipt. */
export async function send(sender: Sender, title: string, prepared: Prepared, onHash: (hash: Hash) => void): Promise<TransactionReceipt> {
  const { call, gas } = prepared;
  const chain = getClient(sender.wagmi);
  if (chain === undefined) throw new Error("no chain is configured");
  const data = encodeFunctionData({ abi: call.abi as Abi, functionName: call.functionName, args: call.args as unknown[] });
  const [nonce, block] = await Promise.all([getTransactionCount(chain, { address: sender.account, blockTag: "pending" }), getBlockNumber(chain, { cacheTime: 0 })]);
  const hash = await writeContract(sender.wagmi, {
    address: call.address,
    abi: call.abi as Abi,
    functionName: call.functionName,
    args: call.args as unknown[],
    value: call.value,
    gas,
    account: sender.account,
    chainId: sender.chainId,
  } as Parameters<typeof writeContract>[1]);
  onHash(hash);
  addPending({ hash, chainId: sender.chainId, account: sender.account, title, sentAtMs: Date.now(), status: "pending", place: { nonce, sinceBlock: Number(block), to: call.address, data } });
  return followTransaction(sender.wagmi, sender.client, hash);
}
