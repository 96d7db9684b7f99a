/** The one cache of server state. Keys begin with where a fact comes from: chain, index or node. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../lib/api";
import { isStreamLive } from "./stream";

/** While a page is visible facts are read again after this, and seldom while the stream tells what moves. */
export const POLL_MS = 5_000;
const LIVE_POLL_MS = 15_000;
export const pollMs = (): number => (isStreamLive() ? LIVE_POLL_MS : POLL_MS);

/** Not worth asking again: the request itself is wrong. */
const isFinal = (error: unknown): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;

export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, error) => !isFinal(error) && failures < 2,
        retryDelay: (attempt) => Math.min(1_000 * 2 ** attempt, 8_000),
        refetchInterval: (found) => (isFinal(found.state.error) ? false : pollMs()),
        refetchIntervalInBackground: false,
        refetchOnWindowFocus: true,
        staleTime: 2_000,
        // What another filter found stays, dimmed, while this one's is on its way.
        placeholderData: (previous: unknown) => previous,
      },
    },
  });

/**
 * For answers that belong to their question alone, spread into its options.
 *
 * Votes, an offer, a result or a text of one account, job or proposal would pass for another's if they stayed
 * while that one's are read. Until then it is unknown; a refresh that fails still keeps its own last answer.
 */
export const NOT_ANOTHERS = { placeholderData: undefined } as const;

export type Source = "chain" | "index" | "node";

export const indexKey = (...rest: unknown[]): unknown[] => ["index", ...rest];
export const chainKey = (...rest: unknown[]): unknown[] => ["chain", ...rest];
export const nodeKey = (...rest: unknown[]): unknown[] => ["node", ...rest];
