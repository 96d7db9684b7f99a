/** Models: their manifests, read from content-addressed storage and checked against their id here. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { ApiError } from "../lib/api";
import type { Hex } from "../job/bytes";
import type { Manifest } from "../job/manifest";
import { NOT_ANOTHERS, indexKey } from "./client";

const TIMEOUT_MS = 20_000;

/** Fetch one block by its CID from the service's gateway and check that it is that block. */
async function fetchManifest(modelId: Hex, signal: AbortSignal): Promise<Manifest> {
  // The job library is large beside the shell; pages that need no manifest do not load it.
  const [{ cidOfModelId }, { MANIFEST_MAX_BYTES, parseManifest }] = await Promise.all([import("../job/cid"), import("../job/manifest")]);
  const response = await fetch(`/ipfs/${cidOfModelId(modelId).text}?format=raw`, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new ApiError("The description of the model could not be fetched.", { code: "dapp.manifest", hint: "Its provider may be away; the id alone does not tell inputs and outputs." });
  });
  if (response.status >= 500) {
    throw new ApiError("The service could not fetch the description of the model now.", { code: "dapp.manifest", hint: "Try again in a moment.", status: response.status });
  }
  if (!response.ok) {
    throw new ApiError("Nobody who was asked has the description of this model.", { code: "dapp.manifest", hint: "Whoever made the model can publish it again with `neurovoyance model add`.", status: response.status });
  }
  const raw = new Uint8Array(await response.arrayBuffer());
  if (raw.length > MANIFEST_MAX_BYTES) throw new ApiError("The description of the model is too long.", { code: "dapp.manifest", status: 422 });
  return parseManifest(raw, modelId);
}

/** A model's manifest; it never changes, so it is asked for once. */
export function useManifest(modelId: string | undefined): UseQueryResult<Manifest> {
  const isId = modelId !== undefined && /^0x[0-9a-fA-F]{64}$/.test(modelId);
  return useQuery({
    queryKey: indexKey("manifest", modelId?.toLowerCase()),
    queryFn: ({ signal }) => fetchManifest(modelId?.toLowerCase() as Hex, signal),
    enabled: isId,
    staleTime: Infinity,
    refetchInterval: false,
    retry: 1,
    ...NOT_ANOTHERS,
  });
}
