/** Finds what took the place of a transaction while nobody looked: wallets speed up and cancel at any time. */
import { type Client, type Hash, isAddressEqual } from "viem";
import { getBlock, getBlockNumber, getTransaction, getTransactionCount } from "viem/actions";
import type { Pending } from "./types";

export interface Replacement {
  hash: Hash;
  /** It does the same for another fee; otherwise it was cancelled, in whatever way. */
  isSame: boolean;
}

/**
 * The mined transaction that has the place of one which the chain knows no more.
 *
 * Halves the blocks since it was sent: the account's count of transactions passes its nonce in one of them.
 *
 * @returns undefined while the transaction may still come.
 */
export async function replacementOf(chain: Client, entry: Pending): Promise<Replacement | undefined> {
  const { account: address, place } = entry;
  if (place === undefined) return undefined;
  const isPast = async (blockNumber: bigint): Promise<boolean> => (await getTransactionCount(chain, { address, blockNumber })) > place.nonce;
  let [low, high] = [BigInt(place.sinceBlock), await getBlockNumber(chain, { cacheTime: 0 })];
  if (!(await isPast(high)) || (await isKnown(chain, entry.hash))) return undefined;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (await isPast(middle)) high = middle;
    else low = middle;
  }
  const { transactions } = await getBlock(chain, { blockNumber: high, includeTransactions: true });
  const found = transactions.find((one) => one.nonce === place.nonce && isAddressEqual(one.from, address));
  return found && { hash: found.hash, isSame: found.to?.toLowerCase() === place.to.toLowerCase() && found.input === place.data };
}

const isKnown = (chain: Client, hash: Hash): Promise<boolean> =>
  getTransaction(chain, { hash }).then(
    () => true,
    (error: Error) => {
      if (error.name === "TransactionNotFoundError") return false;
      throw error;
    },
  );
