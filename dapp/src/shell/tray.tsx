/** Transactions of this browser: signed, mined, indexed. A reload goes on where it was. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactElement, Suspense, lazy, useEffect } from "react";
import { useConfig, useConnection } from "wagmi";
import { updatePending, usePending } from "../actions/pending";
import type { Pending } from "../actions/types";
import { useNetwork } from "../lib/context";

const TrayMenu = lazy(() => import("./tray-menu"));

/** Followed in this page load, so that no transaction is followed twice. */
const followed = new Set<string>();
const LOST_AFTER_MS = 24 * 3_600_000;

export function Tray(): ReactElement | null {
  const { chain_id } = useNetwork();
  const { address } = useConnection();
  const entries = usePending(chain_id, address);
  useResume(entries);
  if (entries.length === 0) return null;
  return (
    <Suspense fallback={null}>
      <TrayMenu entries={entries} />
    </Suspense>
  );
}

/** Follow what an earlier page load sent and nobody follows now. */
function useResume(entries: readonly Pending[]): void {
  const wagmi = useConfig();
  const client = useQueryClient();
  useEffect(() => {
    for (const entry of entries) {
      if (entry.status !== "pending" || followed.has(entry.hash)) continue;
      followed.add(entry.hash);
      if (Date.now() - entry.sentAtMs > LOST_AFTER_MS) {
        updatePending(entry.hash, { status: "lost" });
        continue;
      }
      void import("../actions/wait").then(({ Cancelled, followTransaction }) =>
        followTransaction(wagmi, client, entry.hash).catch((error: unknown) => {
          // Not decided: the entry stays as it is and the next load asks again.
          if (!(error instanceof Cancelled)) followed.delete(entry.hash);
        }),
      );
    }
  }, [entries, wagmi, client]);
}
