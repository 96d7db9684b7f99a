/** Waits for a sent transaction: mined, repriced or cancelled, then until the index has its block. */
import type { QueryClient } from "@tanstack/react-query";
import type { Config as WagmiConfig } from "wagmi";
import { getClient } from "wagmi/actions";
import { waitForTransactionReceipt } from "viem/actions";
import type { Client, Hash, TransactionReceipt } from "viem";
import { ask } from "../lib/api";
import type { Health } from "../queries/rows";
import { pendingOf, updatePending } from "./pending";
import { replacementOf } from "./replaced";

const INDEX_TRIES = 40;
const INDEX_PAUSE_MS = 500;
const AWAY_PAUSE_MS = 2_000;

export class Cancelled extends Error {}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What is followed in this page load, by every hash that it had: nothing is followed twice. */
const followed = new Map<Hash, Promise<TransactionReceipt>>();

/**
 * Follow a transaction to its receipt, keeping the tray's entry right. A chain that is away is waited for.
 *
 * @throws Cancelled when the wallet put another one in its place; the receipt's status tells a revert.
 */
export function followTransaction(wagmi: WagmiConfig, client: QueryClient, hash: Hash): Promise<TransactionReceipt> {
  const known = followed.get(hash);
  if (known) return known;
  const promise = follow(wagmi, client, hash);
  followed.set(hash, promise);
  return promise;
}

async function follow(wagmi: WagmiConfig, client: QueryClient, hash: Hash): Promise<TransactionReceipt> {
  let current = hash;
  let cancelled = false;
  // The bare client: the one with all of viem's actions would be a third of the first visit.
  const chain = getClient(wagmi);
  if (chain === undefined) throw new Error("no chain is configured");
  const receipt = await receiptOf(chain, hash, (next, isSame) => {
    // Another transaction in its place does not do what was signed: for this one that is a cancellation.
    cancelled = !isSame;
    const here = followed.get(hash);
    if (here) followed.set(next, here);
    updatePending(current, { hash: next, status: cancelled ? "cancelled" : "pending" });
    current = next;
  });
  if (cancelled) throw new Cancelled("The wallet put another transaction in its place.");
  const reverted = receipt.status === "reverted";
  updatePending(current, { status: reverted ? "reverted" : "mined", block: Number(receipt.blockNumber) });
  if (reverted) return receipt;
  // Who hears "done" sees, and is asked about, what is so after it.
  const reread = client.invalidateQueries({ queryKey: ["chain"] });
  if (await indexReached(Number(receipt.blockNumber))) updatePending(current, { status: "indexed" });
  await Promise.all([reread, client.invalidateQueries({ queryKey: ["index"] })]);
  return receipt;
}

/** The receipt, however often the chain cannot be asked: what was sent is not sent again. */
async function receiptOf(chain: Client, hash: Hash, onReplaced: (next: Hash, isSame: boolean) => void): Promise<TransactionReceipt> {
  let current = hash;
  for (;;) {
    try {
      const entry = pendingOf(current);
      const found = entry && (await replacementOf(chain, entry));
      if (found) onReplaced((current = found.hash), found.isSame);
      const place = entry?.place;
      return await waitForTransactionReceipt(chain, {
        hash: current,
        timeout: 0,
        replacement: place && { from: entry.account, nonce: place.nonce, to: place.to, input: place.data, value: 0n },
        onReplaced: ({ reason, transaction }) => onReplaced(transaction.hash, reason === "repriced"),
      });
    } catch {
      await pause(AWAY_PAUSE_MS);
    }
  }
}

/** Whether the index came to a block within some seconds; it may be away, which stops nothing. */
async function indexReached(block: number): Promise<boolean> {
  for (let tries = 0; tries < INDEX_TRIES; tries += 1) {
    try {
      const health = await ask<Health>("/v1/health");
      if (health.block !== null && health.block >= block) return true;
    } catch {
      // The index may be down; the transaction is on chain all the same.
    }
    await pause(INDEX_PAUSE_MS);
  }
  return false;
}
