/** Signed offers of nodes, asked through the service and checked here before anything is signed. */
import { useQuery } from "@tanstack/react-query";
import type { Address, Hex } from "viem";
import { type Offer, offerFromJson, recoverOfferSigner, termsFault } from "../job/offer";
import { type JobSpec, specHash, specToJson } from "../job/spec";
import { chainNow } from "../lib/clock";
import { ask } from "../lib/api";
import type { Preset } from "./draft";
import { sameAddress } from "./draft";
import { NOT_ANOTHERS } from "../queries/client";

/** One line of `POST /api/offers`. */
interface OfferLine {
  rank: number;
  provider: Address;
  endpoint: string;
  price_wei: string;
  time_ms: number;
  reasons: string[];
  offer: unknown;
  signature: Hex;
}

interface Answer {
  summary: string;
  offers: OfferLine[];
  refusals: { provider: string; endpoint: string; cause: string; message: string }[];
}

/** An offer whose terms and signature were checked in this page. */
export interface CheckedOffer {
  line: OfferLine;
  offer: Offer;
  signature: Hex;
  /** Who signed; compared with the provider's operator on chain before it is taken. */
  signer: Address;
}

export interface Offers {
  summary: string;
  offers: CheckedOffer[];
  refusals: Answer["refusals"];
}

interface Asked {
  spec: JobSpec;
  client: Address;
  maxPriceWei: bigint;
  preset: Preset;
  chainId: number;
  market: Address;
}

async function askOffers(asked: Asked, signal: AbortSignal): Promise<Offers> {
  const answer = await ask<Answer>("/api/offers", {
    method: "POST",
    signal,
    json: { spec: specToJson(asked.spec), client: asked.client, max_price_wei: asked.maxPriceWei.toString(), preset: asked.preset },
  });
  const offers: CheckedOffer[] = [];
  const refusals = [...answer.refusals];
  for (const line of answer.offers) {
    const fault = await checked(line, asked, offers);
    if (fault) refusals.push({ provider: line.provider, endpoint: line.endpoint, cause: "spec", message: fault });
  }
  return { summary: answer.summary, offers, refusals };
}

/** Take an offer in, or say why it is not taken. */
async function checked(line: OfferLine, asked: Asked, into: CheckedOffer[]): Promise<string | undefined> {
  try {
    const offer = offerFromJson(line.offer);
    const fault = termsFault(offer, { specHash: specHash(asked.spec), client: asked.client, provider: line.provider, maxPriceWei: asked.maxPriceWei, nowS: chainNow() });
    if (fault) return fault.message;
    const signer = (await recoverOfferSigner(offer, line.signature, asked.chainId, asked.market)) as Address;
    if (!sameAddress(offer.provider, line.provider)) return "The offer is in the name of another provider.";
    into.push({ line, offer, signature: line.signature, signer });
    return undefined;
  } catch {
    return "The offer is malformed or its signature does not fit.";
  }
}

/** Ask every node for a signed offer; each is valid for minutes, so they are asked again after a while. */
export function useOffers(asked: Asked | undefined) {
  return useQuery({
    queryKey: ["node", "offers", asked && specHash(asked.spec), asked?.client, asked?.maxPriceWei.toString(), asked?.preset],
    queryFn: ({ signal }) => askOffers(asked as Asked, signal),
    enabled: asked !== undefined,
    refetchInterval: 60_000,
    staleTime: 30_000,
    // An offer can be taken once: who comes back to the page asks for new ones.
    gcTime: 0,
    retry: 1,
    ...NOT_ANOTHERS,
  });
}
