/** The nodes of this machine, as far as this service was told of any; steered with their own token. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { ask } from "../../lib/api";
import { useNetwork } from "../../lib/context";
import { nodeKey } from "../../queries/client";

export interface NodeLine {
  node: number;
  name: string;
  url: string;
  is_up: boolean;
  provider: string | null;
  reason: string | null;
}

export interface NodeHealth {
  takes_jobs: boolean;
  is_paused: boolean | null;
  is_draining: boolean | null;
  lend: "paid" | "volunteer" | null;
  failed_turns: number | null;
  jobs: { live: number; occupied: number; promised: number } | null;
  duties: { occupied: number; due: number } | null;
}

/** The owner's view. */
export interface Control {
  mode: string;
  presence: string;
  hold: { is_held: boolean; until_s: number | null };
  devices: { device: string; may_run: boolean; until_s: number | null; reasons: { message: string }[] }[];
  lend: "paid" | "volunteer";
  public_clients: string[];
  credit: { jobs: number };
}

export function useNodes(): UseQueryResult<{ items: NodeLine[] }> {
  const { paths } = useNetwork();
  return useQuery({ queryKey: nodeKey("list"), queryFn: ({ signal }) => ask<{ items: NodeLine[] }>(paths.nodes ?? "/api/node", { signal }), enabled: paths.nodes !== null, refetchInterval: 10_000 });
}

export function useNodeHealth(node: number | undefined): UseQueryResult<NodeHealth> {
  return useQuery({ queryKey: nodeKey("health", node), queryFn: ({ signal }) => ask<NodeHealth>(`/api/node/${node}/health`, { signal }), enabled: node !== undefined });
}

export type Wish = { path: "pause" | "resume" } | { path: "snooze"; seconds: number } | { path: "lend"; lend: "paid" | "volunteer" };

/** Say a wish to a node; without one only ask how it stands. The token is sent and kept nowhere. */
export function control(node: number, token: string, wish?: Wish): Promise<Control> {
  const headers = { authorization: `Bearer ${token}` };
  if (wish === undefined) return ask<Control>(`/api/node/${node}/control`, { headers });
  const { path, ...json } = wish;
  return ask<Control>(`/api/node/${node}/${path}`, { method: "POST", headers, ...(Object.keys(json).length > 0 ? { json } : {}) });
}
