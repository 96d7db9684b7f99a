/** Models as the registry has them: read from the chain; when a challenge ends is told by its event alone. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import { useConfig } from "wagmi";
import { modelRegistryAbi } from "../generated/abis";
import { MODEL_STATES, type Registered } from "../gov/models";
import { ask, query } from "../lib/api";
import { useNetwork } from "../lib/context";
import { readNow } from "./chain";
import { NOT_ANOTHERS, chainKey } from "./client";
import type { EventRow, Page } from "./rows";

type WagmiConfig = Parameters<typeof readNow>[0];
type Id = `0x${string}`;

export async function readRegistered(wagmi: WagmiConfig, registry: Address, id: Id): Promise<Registered> {
  const [model, bondWei, registrant] = await Promise.all([readNow(wagmi, registry, modelRegistryAbi, "model", [id]), readNow(wagmi, registry, modelRegistryAbi, "bondOf", [id]), readNow(wagmi, registry, modelRegistryAbi, "registrantOf", [id])]);
  const state = MODEL_STATES[model.state] ?? "unregistered";
  const certified = [...(BigInt(model.exactPool) === 0n ? [] : ["EXACT" as const]), ...(BigInt(model.tensorPool) === 0n ? [] : ["TENSOR" as const])];
  return { state, certified, activeAtS: model.activeAt, registrant, bondWei, deadlineS: state === "challenged" ? await deadlineOf(id) : undefined };
}

async function deadlineOf(id: Id): Promise<number | undefined> {
  const page = await ask<Page<EventRow>>(`/v1/events${query({ subject: id, name: "CertificateChallenged", limit: 1 })}`);
  const said = Number((page.items[0]?.data as { deadline_s?: unknown } | undefined)?.deadline_s);
  return Number.isSafeInteger(said) ? said : undefined;
}

/** By id; nothing where the network has no registry. */
export function useRegistered(ids: readonly Id[]): UseQueryResult<Record<string, Registered>> {
  const registry = useNetwork().contracts.registry;
  const wagmi = useConfig();
  const wanted = [...new Set(ids)].sort();
  return useQuery({
    queryKey: chainKey("registry", ...wanted),
    queryFn: async () => Object.fromEntries(await Promise.all(wanted.map(async (id) => [id, await readRegistered(wagmi, registry as Address, id)] as const))),
    enabled: registry !== undefined && wanted.length > 0,
    ...NOT_ANOTHERS,
  });
}
