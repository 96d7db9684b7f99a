/** What a wallet or a contract said, in words: a rejection is quiet, a revert has its decoded reason. */
import { type Hex, decodeErrorResult, isHex } from "viem";
import { ApiError, chainAway } from "../lib/api";
import { plain } from "../lib/format";

/** What a wallet answers (EIP-3326) when it is asked for a chain that it does not have. */
const OTHER_CHAIN = 4902;

export type Failure =
  | { kind: "rejected" }
  | { kind: "reverted"; name: string; args: string[]; message: string }
  | { kind: "poor"; message: string }
  | { kind: "failed"; message: string; hint: string; title?: string };

/** All causes of an error, outermost first; wallets wrap what they say several times. */
function* causes(error: unknown): Generator<Record<string, unknown>> {
  let current: unknown = error;
  for (let depth = 0; depth < 12 && current !== null && typeof current === "object"; depth += 1) {
    yield current as Record<string, unknown>;
    current = (current as { cause?: unknown }).cause;
  }
}

export const isRejection = (error: unknown): boolean => {
  for (const cause of causes(error)) {
    if (cause.code === 4001 || cause.code === "ACTION_REJECTED" || cause.name === "UserRejectedRequestError") return true;
  }
  return false;
};

/** Return the bytes that a contract reverted with, wherever they hide. */
export function revertData(error: unknown): Hex | undefined {
  for (const cause of causes(error)) {
    for (const value of [cause.raw, cause.data, (cause.data as { data?: unknown } | undefined)?.data]) {
      if (isHex(value) && value.length >= 10) return value;
    }
  }
  return undefined;
}

/** Say what a failure means; the table of errors is loaded when it is needed. */
export async function failureOf(error: unknown): Promise<Failure> {
  if (isRejection(error)) return { kind: "rejected" };
  const data = revertData(error);
  if (data !== undefined) return decodeRevert(data);
  for (const cause of causes(error)) {
    const text = String(cause.shortMessage ?? cause.details ?? cause.message ?? "");
    if (/insufficient funds|exceeds the balance|gas required exceeds/i.test(text)) {
      return { kind: "poor", message: "This account has too little ETH to pay the network's fee for the transaction." };
    }
  }
  const away = chainAway(error);
  if (away) return { kind: "failed", message: away.message, hint: "What you typed is kept. Try again in a moment; where your wallet shows it as sent, wait for that first." };
  // A wallet that stays on its own chain says so in its own words; the library's are about switching.
  const strayed = [...causes(error)].findLast((cause) => cause.code === OTHER_CHAIN);
  if (strayed) return { kind: "failed", message: plain(String(strayed.message ?? "The wallet does not know this chain.")), hint: "Nothing was signed. Reload the page; if it stays, /status tells which chain answers." };
  if (error instanceof ApiError) return { kind: "failed", message: error.message, hint: error.hint };
  const first = error as { shortMessage?: string; message?: string };
  return { kind: "failed", message: first.shortMessage ?? first.message ?? "The transaction could not be sent.", hint: "Nothing was sent. Try again." };
}

/** Decode a revert; an unknown one shows its selector. */
export async function decodeRevert(data: Hex): Promise<Failure> {
  const { allErrors } = await import("../generated/errors");
  try {
    const { errorName, args } = decodeErrorResult({ abi: allErrors, data });
    const said = (args ?? []).map(String);
    const { hintOf } = await import("../generated/revert-hints");
    return { kind: "reverted", name: errorName, args: said, message: [wordsOf(errorName), hintOf(errorName)].filter(Boolean).join(" ") };
  } catch {
    return { kind: "reverted", name: data.slice(0, 10), args: [], message: `The contract refuses this, with the unknown error ${data.slice(0, 10)}.` };
  }
}

/** `JobMarket__OfferExpired` as words: "JobMarket: offer expired". */
const wordsOf = (name: string): string => {
  const [contract, ...rest] = name.split("__");
  const text = (rest.join(" ") || contract || "").replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return rest.length > 0 ? `${contract}: ${text}.` : `The contract refuses this: ${text}.`;
};
