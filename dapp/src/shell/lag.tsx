/** Says when what is shown is behind the chain, and when nothing answers. */
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { Link } from "react-router";
import { getBlock } from "viem/actions";
import { useConfig } from "wagmi";
import { getClient } from "wagmi/actions";
import { Chip } from "../components/basics";
import { ask } from "../lib/api";
import { noteBlockTime } from "../lib/clock";
import { pollMs } from "../queries/client";
import type { Health } from "../queries/rows";

/** Blocks that the index may be behind before it is said. */
const TOLERATED_BLOCKS = 3n;

export function LagChip(): ReactElement | null {
  const wagmi = useConfig();
  // Both at once: asked at different moments the one would seem to be behind the other.
  const both = useQuery({
    queryKey: ["lag"],
    queryFn: async () => {
      const chain = getClient(wagmi);
      const [health, head] = await Promise.allSettled([ask<Health>("/v1/health"), chain ? getBlock(chain) : Promise.reject(new Error("no chain"))]);
      if (head.status === "fulfilled") noteBlockTime(Number(head.value.timestamp));
      return { health: health.status === "fulfilled" ? health.value : undefined, head: head.status === "fulfilled" ? head.value.number : undefined };
    },
    refetchInterval: pollMs,
  });
  if (both.data === undefined) return null;
  const { health, head } = both.data;
  const said = stateOf(health?.block ?? undefined, health === undefined || health.status === "failing", head, head === undefined);
  if (said === undefined) return null;
  return (
    <Link to="/status" className="no-underline">
      <Chip tone="warn">{said}</Chip>
    </Link>
  );
}

function stateOf(block: number | undefined, indexFails: boolean, head: bigint | undefined, chainFails: boolean): string | undefined {
  if (chainFails && indexFails) return "service away";
  if (chainFails) return "chain away";
  if (indexFails) return "index away";
  if (block === undefined || head === undefined) return undefined;
  const behind = head - BigInt(block);
  return behind > TOLERATED_BLOCKS ? `index ${behind} blocks behind` : undefined;
}
