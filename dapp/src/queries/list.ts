/** Lists of the index: the newest rows at once, older ones as they are asked for. */
import { type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, query } from "../lib/api";
import { indexKey } from "./client";
import { type Born, type Held, readAgain, withMore } from "./paging";
import type { Page } from "./rows";

export type Params = Record<string, string | number | undefined | null>;
const PAGE_ROWS = 50;

type Asked<T> = Pick<UseQueryResult<Held<T>>, "data" | "error" | "isPending" | "isFetching" | "dataUpdatedAt" | "refetch" | "fetchStatus">;

export interface List<T> extends Asked<T> {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => void;
}

/**
 * A list that goes on.
 *
 * @param key the column that tells rows apart.
 */
export function useList<T extends Born>(path: string, key: keyof T & string, params: Params = {}, options: { enabled?: boolean; limit?: number } = {}): List<T> {
  const client = useQueryClient();
  const queryKey = indexKey("list", path, params, options.limit);
  const look = (): Held<T> | undefined => client.getQueryData<Held<T>>(queryKey);
  const askPage = (from: string | undefined, limit = options.limit ?? PAGE_ROWS, signal?: AbortSignal): Promise<Page<T>> => ask<Page<T>>(path + query({ ...params, limit, cursor: from }), { signal });
  const asked = useQuery({
    queryKey,
    queryFn: ({ signal }) => readAgain(look, (from, limit) => askPage(from, limit, signal), key),
    enabled: options.enabled ?? true,
  });
  const more = useMutation({
    mutationFn: async () => {
      const from = look()?.next;
      if (!from) return;
      const page = await askPage(from);
      // The rows above are as old as they were.
      client.setQueryData<Held<T>>(queryKey, (held) => held && withMore(held, from, page, key), { updatedAt: client.getQueryState(queryKey)?.dataUpdatedAt });
    },
  });
  // Getters: a page is drawn again for what it looks at alone.
  return {
    get data() {
      return asked.data;
    },
    get error() {
      return asked.error ?? more.error;
    },
    get isPending() {
      return asked.isPending;
    },
    get isFetching() {
      return asked.isFetching;
    },
    get dataUpdatedAt() {
      return asked.dataUpdatedAt;
    },
    get fetchStatus() {
      return asked.fetchStatus;
    },
    refetch: (how) => {
      more.reset();
      return asked.refetch(how);
    },
    get hasNextPage() {
      return typeof asked.data?.next === "string";
    },
    isFetchingNextPage: more.isPending,
    fetchNextPage: () => more.mutate(),
  };
}

/** All rows that a list has loaded so far. */
export const rowsOf = <T>(list: { data?: Held<T> }): T[] => list.data?.parts.flatMap(({ items }) => items) ?? [];
