/** The five states of whatever is asked for: loading, empty, stale, error; the fifth, the wallet, is wallet/gate. */
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, useEffect, useState } from "react";
import { ApiError, chainAway } from "../lib/api";
import { span } from "../lib/format";
import { useNow } from "../lib/clock";
import { Button, Chip, Notice, Stat } from "./basics";

type Asked<T> = Pick<UseQueryResult<T>, "data" | "error" | "isPending" | "isFetching" | "dataUpdatedAt" | "refetch" | "fetchStatus">;

/** A fact older than this without a successful refresh is said to be old. */
const STALE_AFTER_S = 20;
/** As long as the look of a skeleton waits. */
const TELL_AFTER_MS = 150;
const SAY_AFTER_MS = 10_000;

/**
 * Show what a query found, in whichever state it is.
 *
 * @param asked the query.
 * @param skeleton placeholder in the final shape.
 * @param isEmpty tells an empty answer; then `empty` is shown.
 * @param what names the thing in sentences, such as "jobs".
 */
export function Ask<T>({ asked, skeleton, isEmpty, empty, what, children }: { asked: Asked<T>; skeleton?: ReactNode; isEmpty?: (data: T) => boolean; empty?: ReactNode; what: string; children: (data: T) => ReactNode }): ReactElement {
  if (asked.data === undefined) {
    if (asked.error) return <Failed error={asked.error} what={what} retry={() => void asked.refetch()} />;
    return <Loading what={what} skeleton={skeleton} />;
  }
  return (
    <>
      {asked.error && <Stale error={asked.error} sinceMs={asked.dataUpdatedAt} what={what} retry={() => void asked.refetch()} />}
      {isEmpty?.(asked.data) ? empty : <div className={asked.error ? "dim" : undefined}>{children(asked.data)}</div>}
    </>
  );
}

/** The shape, which shows itself when it is needed, and after ten seconds a sentence about what is awaited. */
export function Loading({ what, skeleton }: { what: string; skeleton?: ReactNode }): ReactElement {
  const [waited, setWaited] = useState(0);
  useEffect(() => {
    const timers = [TELL_AFTER_MS, SAY_AFTER_MS].map((ms) => setTimeout(() => setWaited(ms), ms));
    return () => timers.forEach(clearTimeout);
  }, []);
  return (
    <div aria-busy="true" aria-live="polite">
      {waited >= TELL_AFTER_MS && <span className="sr-only">Loading {what}…</span>}
      {waited >= SAY_AFTER_MS && <p className="p-4 text-ink-2">Still waiting for {what}. The service has not answered yet; the page goes on asking.</p>}
      {skeleton ?? <Bones rows={3} />}
    </div>
  );
}

export function Bones({ rows }: { rows: number }): ReactElement {
  return (
    <div className="flex flex-col gap-2 p-4" aria-hidden="true">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="skeleton h-5" style={{ width: `${92 - ((index * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** Where so many {@link Stat}s will be, exactly as high. */
export function StatBones({ count }: { count: number }): ReactElement[] {
  return Array.from({ length: count }, (_, index) => (
    <div key={index} className="skeleton" aria-hidden="true">
      <div className="invisible">
        <Stat label="-" value="-" note="-" />
      </div>
    </div>
  ));
}

/** One sentence and one action. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }): ReactElement {
  return (
    <div className="flex flex-col items-center gap-3 px-4 py-8 text-center text-ink-2">
      <p className="max-w-prose">{children}</p>
      {action}
    </div>
  );
}

/** Which part failed, that no money moved, and what to do; details folded, never a traceback. */
export function Failed({ error, what, retry }: { error: unknown; what: string; retry?: () => void }): ReactElement {
  const { message, hint, code } = explain(error);
  return (
    <div className="p-4">
      <Notice tone="bad" title={`The ${what} could not be read.`} actions={retry && <Button onClick={retry}>Try again</Button>}>
        <p>
          {message} {hint}
        </p>
        <details className="mt-1 text-[0.93rem]">
          <summary>Details</summary>
          <code>{code}</code>
        </details>
      </Notice>
    </div>
  );
}

export function Stale({ error, sinceMs, what, retry }: { error: unknown; sinceMs: number; what: string; retry: () => void }): ReactElement {
  const now = useNow();
  const age = now - sinceMs / 1000;
  return (
    <div className="flex flex-wrap items-center gap-2 px-4 py-2" role="status">
      <Chip tone="warn" title={explain(error).message}>
        {what}: {span(age)} old
      </Chip>
      <span className="text-ink-2">The last answer is shown; {explain(error).message.toLowerCase().replace(/\.$/, "")}.</span>
      <Button kind="quiet" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}

/** Where facts come from and how old they are, for the head of a block. */
export function SourceNote({ source, updatedAt }: { source: "index" | "chain" | "node"; updatedAt: number }): ReactElement | null {
  const now = useNow(5_000);
  if (!updatedAt) return null;
  const age = now - updatedAt / 1000;
  return (
    <span className={`text-[0.86rem] ${age > STALE_AFTER_S ? "text-warn" : "text-ink-3"}`}>
      {source}
      {age > STALE_AFTER_S ? `, ${span(age)} old` : ", now"}
    </span>
  );
}

/** Any failure in our words. */
export function explain(thrown: unknown): { message: string; hint: string; code: string } {
  const error = chainAway(thrown) ?? thrown;
  if (error instanceof ApiError) return { message: error.message, hint: error.hint, code: error.code };
  const short = (error as { shortMessage?: unknown })?.shortMessage;
  if (typeof short === "string") return { message: short, hint: "No money moved. Try again.", code: "dapp.chain" };
  return { message: "Something unexpected happened in this page.", hint: "Nothing was sent. Reload the page.", code: error instanceof Error ? error.name : "dapp.unknown" };
}
