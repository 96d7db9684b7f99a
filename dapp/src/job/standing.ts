/**
 * Standing offers: a provider's signed price list, for estimates before any node is asked.
 *
 * Place: beside `offer`; it binds nobody. Twin of `neurovoyance.protocol.standing_offers`; format:
 * docs/spec/offers.md. Never: believed without its signature, or as more than a claim of the node.
 */

import { getAddress, hashTypedData, isAddress, keccak256 } from "viem/utils";
import { bigOf, isHex, type Hex } from "./bytes.ts";
import { JobError } from "./errors.ts";
import { canonicalBytes } from "./jcs.ts";
import { recoverOneForm } from "./offer.ts";
import { JOB_CLASSES, MAX_RUNTIME_MAX_S, UINT96_MAX, type JobClass } from "./spec.ts";

export const STANDING_VALID_MAX_S = 3_600;
const UINT53_MAX = Number.MAX_SAFE_INTEGER;
const UINT32_MAX = 2 ** 32 - 1;

/** The body of a standing offer, as it is signed; every member is present. */
export interface StandingOffer {
  readonly provider: Hex;
  readonly endpoint: string;
  readonly seq: number;
  readonly issued_s: number;
  readonly expires_s: number;
  readonly base_price_wei: string;
  readonly devices: readonly { device: string; per_second_wei: string; per_unit_wei: string }[];
  readonly held: readonly { model_id: Hex; load_ms: number | null }[];
  readonly job_classes: readonly JobClass[];
  readonly slots: number;
  readonly occupied: number;
  readonly max_runtime_s: number;
  readonly memory_bytes: number;
  readonly lock_multiple: number;
  readonly min_lock_wei: string;
}

/** What travels. */
export interface SignedStandingOffer {
  readonly offer: StandingOffer;
  readonly signature: Hex;
}

type Form = (value: unknown) => boolean;

const count =
  (most: number, least = 0): Form =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const wei: Form = (value) =>
  typeof value === "string" && /^[0-9]{1,40}$/.test(value) && BigInt(value) <= UINT96_MAX;
const list =
  (item: Form, most: number, least: number, key: (value: any) => unknown): Form =>
  (value) =>
    Array.isArray(value) &&
    value.length >= least &&
    value.length <= most &&
    value.every(item) &&
    new Set(value.map(key)).size === value.length;
const object =
  (members: Readonly<Record<string, Form>>): Form =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).every((name) => Object.hasOwn(members, name)) &&
    Object.entries(members).every(([name, form]) => form((value as any)[name]));

const DEVICE = object({
  device: (value) => typeof value === "string" && /^[a-z0-9][a-z0-9 ._-]{0,39}$/.test(value),
  per_second_wei: wei,
  per_unit_wei: wei,
});
const HELD = object({
  model_id: (value) => isHex(value, 32),
  load_ms: (value) => value === null || count(UINT32_MAX)(value),
});
const BODY = object({
  provider: (value) => typeof value === "string" && isAddress(value),
  endpoint: (value) => typeof value === "string" && isEndpoint(value),
  seq: count(UINT53_MAX, 1),
  issued_s: count(UINT53_MAX),
  expires_s: count(UINT53_MAX),
  base_price_wei: wei,
  devices: list(DEVICE, 8, 1, (one) => one.device),
  held: list(HELD, 96, 0, (one) => one.model_id),
  job_classes: list((value) => JOB_CLASSES.includes(value as JobClass), 4, 1, (one) => one),
  slots: count(10_000, 1),
  occupied: count(UINT32_MAX),
  max_runtime_s: count(MAX_RUNTIME_MAX_S, 1),
  memory_bytes: count(UINT53_MAX),
  lock_multiple: count(10_000, 1),
  min_lock_wei: wei,
});

function isEndpoint(text: string): boolean {
  return text.length <= 256 && /^https?:\/\/[!-~]+$/.test(text) && URL.canParse(text);
}

/**
 * Return a standing offer of an untrusted source.
 *
 * @throws JobError `spec` if anything about it is not as docs/spec/offers.md says.
 */
export function parseStandingOffer(json: unknown): SignedStandingOffer {
  const isForm = object({ offer: BODY, signature: (value) => isHex(value, 65) })(json);
  const found = json as SignedStandingOffer;
  const validS = isForm ? found.offer.expires_s - found.offer.issued_s : 0;
  if (validS <= 0 || validS > STANDING_VALID_MAX_S) {
    throw new JobError("spec", "The standing offer is not a valid one.", "It is left out.");
  }
  return found;
}

/** Return the canonical bytes of a body: sorted names, no blanks, ASCII. */
export function standingBytes(offer: StandingOffer): Uint8Array {
  return canonicalBytes(offer);
}

/** Return the EIP-712 digest that a provider's operator signs, 32 bytes. */
export function standingDigest(offer: StandingOffer, chainId: number, market: string): Hex {
  return hashTypedData({
    domain: {
      name: "Neurovoyance Offers",
      version: "1",
      chainId,
      verifyingContract: getAddress(market),
    },
    types: {
      StandingOffer: [
        { name: "provider", type: "address" },
        { name: "seq", type: "uint64" },
        { name: "issued", type: "uint64" },
        { name: "expires", type: "uint64" },
        { name: "bodyHash", type: "bytes32" },
      ],
    },
    primaryType: "StandingOffer",
    message: {
      provider: getAddress(offer.provider),
      seq: BigInt(offer.seq),
      issued: BigInt(offer.issued_s),
      expires: BigInt(offer.expires_s),
      bodyHash: keccak256(standingBytes(offer)),
    },
  });
}

/** Return who signed a standing offer; compare it with the provider's operator. */
export function recoverStandingSigner(
  signed: SignedStandingOffer,
  chainId: number,
  market: string,
): Promise<Hex> {
  const digest = standingDigest(signed.offer, chainId, market);
  return recoverOneForm(digest, signed.signature, "standing offer's signature");
}

/**
 * Return the price that a list states for a job: `base + per_second * maxRuntime + per_unit * units`.
 *
 * @param device one of the list's; the first when omitted.
 * @returns wei; null if the list has no such device.
 */
export function standingPriceWei(
  offer: StandingOffer,
  maxRuntimeS: number,
  units = 0,
  device?: string,
): bigint | null {
  const found = device === undefined ? offer.devices[0] : offer.devices.find((one) => one.device === device);
  if (!found) return null;
  const [second, unit] = [bigOf(found.per_second_wei), bigOf(found.per_unit_wei)];
  return bigOf(offer.base_price_wei) + second * BigInt(maxRuntimeS) + unit * BigInt(units);
}

/** Return the stake that a list promises behind a price: `max(lock_multiple * price, min_lock)`, wei. */
export function standingLockWei(offer: StandingOffer, priceWei: bigint): bigint {
  const [multiple, least] = [BigInt(offer.lock_multiple) * priceWei, bigOf(offer.min_lock_wei)];
  return multiple > least ? multiple : least;
}
