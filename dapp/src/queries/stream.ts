/** The event stream of the index: tells the cache which facts moved, so that pages need not ask. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { EVENT_NAMES } from "../generated/events";

export type StreamState = "connecting" | "live" | "closed";

let state: StreamState = "connecting";
const listeners = new Set<() => void>();

function tell(next: StreamState): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** How the stream is; a closed one means that pages poll. */
export const useStreamState = (): StreamState => useSyncExternalStore(subscribe, () => state);

/** For what is not a component. */
export const isStreamLive = (): boolean => state === "live";

const GATHER_MS = 300;
const SPACED_MS = 2_000;
const REOPEN_MS = 5_000;

/** Follow the stream while the page is visible. A block brings many events: they invalidate once, and not in every block. */
export function useEventStream(): void {
  const client = useQueryClient();
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let reopening: ReturnType<typeof setTimeout> | undefined;
    let nextMs = 0;
    const refresh = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        nextMs = Date.now() + SPACED_MS;
        void client.invalidateQueries({ queryKey: ["index"] });
        void client.invalidateQueries({ queryKey: ["chain"] });
      }, Math.max(GATHER_MS, nextMs - Date.now()));
    };
    const open = (): void => {
      if (source || document.hidden) return;
      source = new EventSource("/v1/stream");
      source.onopen = () => tell("live");
      for (const name of [...EVENT_NAMES, "rollback"]) source.addEventListener(name, refresh);
      source.onerror = () => {
        // What it told is missing from now on: ask, and go on asking often.
        if (state === "live") refresh();
        const isClosed = source?.readyState === EventSource.CLOSED;
        tell(isClosed ? "closed" : "connecting");
        if (!isClosed) return;
        // A browser never opens again what a proxy answered with an error.
        close();
        reopening = setTimeout(open, REOPEN_MS);
      };
    };
    const close = (): void => {
      clearTimeout(reopening);
      source?.close();
      source = undefined;
    };
    const onVisibility = (): void => (document.hidden ? close() : open());
    open();
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(timer);
      close();
    };
  }, [client]);
}
