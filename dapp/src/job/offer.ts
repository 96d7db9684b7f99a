/**
 * A provider's signed price for one job: what it says, who signed it, whether it may be taken.
 *
 * Place: between a node's answer and the transaction. Twin of `neurovoyance.protocol.signing` and of
 * the checks in `neurovoyance.client.nodes`. The digest binds chain and market, so an offer cannot be
 * replayed elsewhere. Never: a recovered address alone as proof; compare it with the chain's
 * `StakeManager.operatorOf(provider)`.
 */

import { getAddress, hashTypedData, isAddress, recoverAddress } from "viem/utils";
import { bigOf, bytesOf, isHex, ZERO_ADDRESS, type Hex } from "./bytes.ts";
import { JobError, type Fault } from "./errors.ts";
import { UINT96_MAX } from "./spec.ts";

/** Longest time that an offer may still be valid when it is taken, seconds. */
export const OFFER_MAX_S = 600;
/** Smallest lock, as a multiple of the price; the chain's parameter `lockMinMultiple` by default. */
export const LOCK_MIN_MULTIPLE = 5n;
/** Seconds that have to be left to take an offer. */
export const TAKE_MARGIN_S = 5;
/** Half of the order of secp256k1: the largest s of a signature that contracts take. */
const LARGEST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Names of the causes for which a node does not take a job. */
export const REFUSAL_CAUSES = [
  "price", "memory", "disk", "time", "model", "input", "job class", "runtime", "stake", "busy",
  "client", "chain", "spec", "unreachable",
] as const; // prettier-ignore
export type RefusalCause = (typeof REFUSAL_CAUSES)[number];

/** A provider's price for one spec. */
export interface Offer {
  /** Owner address of the provider, checksummed. */
  readonly provider: Hex;
  /** Who may take it; the zero address means anyone. */
  readonly client: Hex;
  /** EIP-712 struct hash of the spec, 32 bytes. */
  readonly specHash: Hex;
  /** What the client pays, wei. */
  readonly priceWei: bigint;
  /** Own stake that the provider puts behind the job, wei. */
  readonly lockWei: bigint;
  /** Last second of chain time, at most 600 s ahead when taken. */
  readonly validUntilS: number;
  /** Unordered, used once a provider. */
  readonly nonce: bigint;
}

/** An offer as the contracts take it; give it to `writeContract` as it is. */
export interface OfferAbi {
  readonly provider: Hex;
  readonly client: Hex;
  readonly specHash: Hex;
  readonly price: bigint;
  readonly lock: bigint;
  readonly validUntil: bigint;
  readonly nonce: bigint;
}

const OFFER_TYPES = {
  Offer: [
    { name: "provider", type: "address" },
    { name: "client", type: "address" },
    { name: "specHash", type: "bytes32" },
    { name: "price", type: "uint96" },
    { name: "lock", type: "uint96" },
    { name: "validUntil", type: "uint64" },
    { name: "nonce", type: "uint256" },
  ],
} as const;

const NAMES = [
  "provider", "client", "spec_hash", "price_wei", "lock_wei", "valid_until_s", "nonce",
]; // prettier-ignore

/**
 * Return the offer in a JSON value of an untrusted source.
 *
 * @throws JobError `spec` if a field is missing, unknown or out of range.
 */
export function offerFromJson(json: unknown): Offer {
  const given = json as Record<string, unknown>;
  try {
    if (Object.keys(given).some((name) => !NAMES.includes(name))) throw new Error("unknown field");
    const client = given.client === undefined ? ZERO_ADDRESS : addressOf(given.client);
    const validUntilS = given.valid_until_s;
    if (!isHex(given.spec_hash, 32) || typeof validUntilS !== "number" || !(validUntilS >= 0)) {
      throw new Error("wrong type");
    }
    if (!Number.isSafeInteger(validUntilS)) throw new Error("out of range");
    return {
      provider: addressOf(given.provider),
      client,
      specHash: given.spec_hash.toLowerCase() as Hex,
      priceWei: bounded(given.price_wei, UINT96_MAX),
      lockWei: bounded(given.lock_wei, UINT96_MAX),
      validUntilS,
      nonce: bounded(given.nonce, 2n ** 256n - 1n),
    };
  } catch {
    throw new JobError("spec", "The node's offer is not a valid one.", "Ask another node.");
  }
}

/** Return the JSON form of an offer, as nodes and the command line write it. */
export function offerToJson(offer: Offer): Record<string, string | number> {
  return {
    provider: offer.provider,
    client: offer.client,
    spec_hash: offer.specHash,
    price_wei: offer.priceWei.toString(),
    lock_wei: offer.lockWei.toString(),
    valid_until_s: offer.validUntilS,
    nonce: offer.nonce.toString(),
  };
}

/** Return an offer as the contracts take it. */
export function offerToAbi(offer: Offer): OfferAbi {
  return {
    provider: offer.provider,
    client: offer.client,
    specHash: offer.specHash,
    price: offer.priceWei,
    lock: offer.lockWei,
    validUntil: BigInt(offer.validUntilS),
    nonce: offer.nonce,
  };
}

/** Return the EIP-712 digest that a provider signs, 32 bytes. */
export function offerDigest(offer: Offer, chainId: number, market: string): Hex {
  return hashTypedData({
    domain: {
      name: "Neurovoyance JobMarket",
      version: "1",
      chainId,
      verifyingContract: getAddress(market),
    },
    types: OFFER_TYPES,
    primaryType: "Offer",
    message: offerToAbi(offer),
  });
}

/**
 * Return whether bytes are a signature as contracts take it: 65 of them, low s, v of 27 or 28.
 *
 * Recovery alone also reads the mirrored form and other v, which every contract refuses.
 */
export function hasOneForm(signature: Hex): boolean {
  if (!isHex(signature, 65)) return false;
  const v = bytesOf(signature)[64];
  return (v === 27 || v === 28) && BigInt(`0x${signature.slice(66, 130)}`) <= LARGEST_S;
}

/**
 * Return the address that signed a digest, checksummed.
 *
 * @param what the signature in words, such as `offer's signature`.
 * @throws JobError `signature` if the bytes are none, or not in the one form.
 */
export async function recoverOneForm(digest: Hex, signature: Hex, what: string): Promise<Hex> {
  const hint = "Ask for it again; nothing was paid.";
  if (!isHex(signature) || signature.length !== 132) {
    throw new JobError("signature", `The ${what} cannot be read.`, hint);
  }
  if (!hasOneForm(signature)) {
    throw new JobError("signature", `The ${what} is not in the one form that counts.`, hint);
  }
  try {
    return await recoverAddress({ hash: digest, signature });
  } catch {
    throw new JobError("signature", `The ${what} cannot be read.`, hint);
  }
}

/**
 * Return who signed an offer; believe it only if the chain says that this is the operator.
 *
 * @throws JobError `signature`, see {@link recoverOneForm}.
 */
export function recoverOfferSigner(
  offer: Offer,
  signature: Hex,
  chainId: number,
  market: string,
): Promise<Hex> {
  return recoverOneForm(offerDigest(offer, chainId, market), signature, "offer's signature");
}

/** What an offer is held against. */
export interface OfferAsked {
  readonly specHash: Hex;
  readonly client: string;
  readonly maxPriceWei: bigint;
  /** Whom the chain names for the endpoint that answered; the zero address if nobody. */
  readonly provider: string;
  /** Chain time, unix seconds. */
  readonly nowS: number;
  /** The chain's `lockMinMultiple`; 5 where it was not read. */
  readonly lockMinMultiple?: bigint;
}

/**
 * Return why an offer's terms are not what was asked for, or null; the field names the cause.
 *
 * Twin of `client.nodes._terms_fault`.
 */
export function termsFault(offer: Offer, asked: OfferAsked): Fault | null {
  const { nowS, lockMinMultiple = LOCK_MIN_MULTIPLE } = asked;
  if (offer.specHash !== asked.specHash) return fault("spec", "The offer is for another job.");
  if (!isOneOf(offer.client, ZERO_ADDRESS, asked.client)) {
    return fault("spec", "The offer is made to another client.");
  }
  if (!isOneOf(asked.provider, ZERO_ADDRESS, offer.provider)) {
    return fault("spec", "The offer is in the name of another provider.");
  }
  if (offer.priceWei <= 0n || offer.priceWei > asked.maxPriceWei) {
    return fault("price", "The offer's price is zero or above the maximum asked for.");
  }
  if (offer.lockWei < lockMinMultiple * offer.priceWei) {
    return fault("stake", "The offer puts less stake behind the job than the rules ask.");
  }
  if (offer.validUntilS < nowS + TAKE_MARGIN_S || offer.validUntilS > nowS + OFFER_MAX_S) {
    return fault("time", "The offer is over already, or valid for longer than allowed.");
  }
  return null;
}

function fault(field: RefusalCause, message: string): Fault {
  return { field, message };
}

function isOneOf(address: string, ...allowed: readonly string[]): boolean {
  return allowed.some((one) => one.toLowerCase() === address.toLowerCase());
}

function addressOf(value: unknown): Hex {
  if (typeof value !== "string" || !isAddress(value)) throw new Error("no address");
  return getAddress(value);
}

function bounded(value: unknown, most: bigint): bigint {
  const number = bigOf(value);
  if (number < 0n || number > most) throw new Error("out of range");
  return number;
}
