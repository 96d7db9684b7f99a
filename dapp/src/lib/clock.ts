/** The chain's clock: browsers and chains disagree, and every deadline is the chain's. */
import { useEffect, useState, useSyncExternalStore } from "react";

let offsetS: number | undefined;
const listeners = new Set<() => void>();
const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Take in the newest block's time, unix seconds. */
export function noteBlockTime(blockTimeS: number): void {
  const next = blockTimeS - Date.now() / 1000;
  // A block is up to some seconds old when it is seen: only real differences move the clock.
  if (offsetS !== undefined && Math.abs(next - offsetS) < 15) return;
  offsetS = next;
  for (const listener of listeners) listener();
}

/** Chain time now in unix seconds, as far as known; the browser's before the first block was seen. */
export const chainNow = (): number => Date.now() / 1000 + (offsetS ?? 0);

/** Chain time, ticking; for ages and countdowns. */
export function useChainNow(everyMs = 1_000): number {
  return useNow(everyMs) + useSyncExternalStore(subscribe, () => offsetS ?? 0);
}

/** Whether the chain's time was read yet; before that nothing can be told to be past or to come. */
export const useIsChainNowKnown = (): boolean => useSyncExternalStore(subscribe, () => offsetS !== undefined);

/** The browser's clock, ticking; still while the page is hidden. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setNow(Date.now() / 1000), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
