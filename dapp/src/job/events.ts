/**
 * Events of a job as the index tells them, and how their values are read.
 *
 * Place: between `GET /v1/events?subject=<job id>` (all pages of it) and `checks`, `facts`. Bodies have
 * the snake-case names of the Python event classes; bytes are `0x` hex, integers beyond 2^53 decimal
 * text, enums numbers.
 */

import { bigOf } from "./bytes.ts";

/** One item of `/v1/events`. */
export interface ApiEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly block_number: number;
  readonly log_index: number;
  readonly tx_hash: string;
  readonly address?: string;
}

/** Return events in the order of the chain, each once; the index lists the newest first. */
export function inOrder(events: readonly ApiEvent[]): ApiEvent[] {
  const unique = new Map(events.map((one) => [`${one.block_number}:${one.log_index}`, one]));
  return [...unique.values()].sort(
    (a, b) => a.block_number - b.block_number || a.log_index - b.log_index,
  );
}

/** The events of one job by name, with typed readers. */
export class Story {
  readonly events: readonly ApiEvent[];

  constructor(events: readonly ApiEvent[]) {
    this.events = inOrder(events);
  }

  /** Return all events of a name, oldest first. */
  all(name: string): readonly ApiEvent[] {
    return this.events.filter((one) => one.name === name);
  }

  /** Return the newest event of one of the names, the first name that has any; null if none. */
  last(...names: readonly string[]): ApiEvent | null {
    for (const name of names) {
      const found = this.all(name).at(-1);
      if (found) return found;
    }
    return null;
  }

  /** Return the sum of one value over all events of a name, wei. */
  sum(name: string, field: string): bigint {
    return this.all(name).reduce((total, one) => total + wei(one, field), 0n);
  }
}

/** Return a value of an event as an integer. */
export function wei(event: ApiEvent, field: string): bigint {
  return bigOf(event.data[field]);
}

/** Return a value of an event as text; empty if there is no event. */
export function textIn(event: ApiEvent | null, field: string): string {
  const value = event?.data[field];
  return value === undefined || value === null ? "" : String(value);
}

/** Return whether two texts name the same bytes or address. */
export function alike(left: unknown, right: unknown): boolean {
  return String(left).toLowerCase() === String(right).toLowerCase();
}
