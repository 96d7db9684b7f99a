/** Where a job's money is, and where it went, its provider's stake included. */
import type { ReactElement } from "react";
import { Amount, Card, Facts, Moment } from "../../components/basics";
import { useJobState } from "../../components/job-state";
import { isFinal } from "../../job/lifecycle";
import { wei } from "../../lib/api";
import { rowsOf, useEvents } from "../../queries";
import type { EventRow, JobRow } from "../../queries/rows";

const SHARES = [
  ["burned_wei", "destroyed"],
  ["to_client_wei", "to the client"],
  ["to_finder_wei", "to whoever found it"],
  ["to_judges_wei", "to the judges"],
  ["to_insurance_wei", "to the insurance fund"],
] as const;
const dataOf = (event: EventRow | undefined): Record<string, unknown> => (event?.data ?? {}) as Record<string, unknown>;

export function MoneyCard({ row, events }: { row: JobRow; events: readonly EventRow[] }): ReactElement {
  const state = useJobState(row);
  const over = state !== undefined && isFinal(state);
  const price = wei(row.price_wei);
  // A slash for a missed deadline is split at once, one by a verdict after the time in which it may be reversed.
  const atOnce = events.findLast(({ name }) => name === "Slashed");
  const booked = events.findLast(({ name }) => name === "SlashBooked");
  const { slash_id: slash, amount_wei: taken, ready_at_s: readyS } = dataOf(booked ?? atOnce);
  const later = rowsOf(useEvents({ subject: String(slash) }, 20, booked !== undefined)).find(({ name }) => name === "SlashFinalized");
  const split = later ?? atOnce;
  const shares = dataOf(split);
  return (
    <Card title="Money">
      <Facts
        items={[
          ["Maximum", <Amount key="m" wei={wei(row.max_price_wei)} />],
          ["Price", <Amount key="p" wei={price || undefined} why="not agreed yet" />],
          ["Stake behind it", <Amount key="l" wei={wei(row.lock_wei) || undefined} why="nobody has it yet" />],
          over ? ["Paid to the provider", <Amount key="d" wei={wei(row.paid_wei)} />] : ["In escrow", <Amount key="e" wei={price || wei(row.max_price_wei)} />],
          over && (["Back to the client", <Amount key="r" wei={wei(row.refunded_wei)} />] as const),
          taken !== undefined && (["Taken from its stake", <Amount key="s" wei={wei(taken)} />] as const),
          booked && !split && (["Split up", <Moment key="t" unixS={Number(readyS)} />] as const),
          ...SHARES.map(([field, words]) => shares[field] !== undefined && ([`– ${words}`, <Amount key={field} wei={wei(shares[field])} />] as const)),
        ]}
      />
    </Card>
  );
}
