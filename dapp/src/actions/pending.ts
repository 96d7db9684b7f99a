/** Transactions that this browser sent: kept per chain and account, so that a reload goes on waiting. */
import { useSyncExternalStore } from "react";
import type { Address } from "viem";
import { load, save } from "../lib/storage";
import type { Pending } from "./types";

const KEPT = 30;
const ENTRY = "pending";
const isList = (value: unknown): value is Pending[] => Array.isArray(value) && value.every((entry) => entry && typeof entry.hash === "string" && typeof entry.title === "string");

let all: readonly Pending[] = load(ENTRY, isList) ?? [];
const listeners = new Set<() => void>();

function put(next: readonly Pending[]): void {
  all = next.slice(0, KEPT);
  save(ENTRY, all);
  for (const listener of listeners) listener();
}

export const addPending = (entry: Pending): void => put([entry, ...all.filter((known) => known.hash !== entry.hash)]);

export const pendingOf = (hash: string): Pending | undefined => all.find((entry) => entry.hash === hash);

/** Change one entry; under a new hash when it was repriced. */
export const updatePending = (hash: string, change: Partial<Pending>): void => put(all.map((entry) => (entry.hash === hash ? { ...entry, ...change } : entry)));

export const clearFinished = (): void => put(all.filter((entry) => entry.status === "pending" || entry.status === "mined"));

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Entries of one account on one chain, newest first. */
export function usePending(chainId: number, account: Address | undefined): readonly Pending[] {
  const entries = useSyncExternalStore(subscribe, () => all);
  return entries.filter((entry) => entry.chainId === chainId && entry.account === account);
}
