/**
 * The vocabulary of `checks`: one link that was looked at, and what a page knows to look with.
 */

import type { Hex } from "./bytes.ts";
import type { Opening } from "./commitment.ts";
import type { Manifest } from "./manifest.ts";

/** One link that was looked at. */
export interface Check {
  /** Stable, for keys and tests. */
  readonly id: string;
  /** What is checked, a short title. */
  readonly name: string;
  /** Whether it holds; null if it cannot be said yet or here. */
  readonly ok: boolean | null;
  /** What was found, a sentence. */
  readonly detail: string;
}

/** What a page knows beside the events. */
export interface Evidence {
  readonly chainId: number;
  /** Address of the JobMarket. */
  readonly market: string;
  /** The job that was asked about, 32 bytes. */
  readonly jobId: Hex;
  /** From the input of the transaction that revealed; see `openingOfInput`. */
  readonly opening?: Opening | null;
  /** `beacon.value(round)` of the round in `JobCommitted` (or the last `DrawRenewed`), 32 bytes. */
  readonly beacon?: Hex | null;
  /** Root that `checkResult` recomputed from the downloaded result, 32 bytes. */
  readonly outRoot?: Hex | null;
  /** `JobMarket.job(jobId).binding`, 32 bytes; meaningful from the draw on. */
  readonly binding?: Hex | null;
  /** Text CID of the input as the client hashed it. */
  readonly inputCid?: string | null;
  /** The model's manifest, checked against its id. */
  readonly manifest?: Manifest | null;
}

/** Return a check. */
export function check(id: string, name: string, ok: boolean | null, detail: string): Check {
  return { id, name, ok, detail };
}
