/** One value of a call or event, shown by what it is. */
import type { ReactElement } from "react";
import { Addr, Amount, Hash, Moment } from "../../components/basics";
import { dateTime, percentOfBps, plain, span } from "../../lib/format";
import type { Value } from "../../money/decode";
import { kindOf } from "../../money/words";

const TIME_MAX_S = 100_000_000_000n;
const TEXT_MAX = 300;

export function ValueText({ value: { name, type, value } }: { value: Value }): ReactElement {
  if (value === undefined || value === null) return <span className="text-ink-3">—</span>;
  const kind = kindOf(name, type);
  if (kind === "address" && typeof value === "string") return <Addr value={value} />;
  if (kind === "flag") return <>{value ? "yes" : "no"}</>;
  if (kind === "job" && typeof value === "string") return <Hash value={value} to={`/jobs/${value}`} what="job id" />;
  if (kind === "model" && typeof value === "string") return <Hash value={value} to={`/models/${value}`} what="model id" />;
  if (typeof value === "bigint" || typeof value === "number") return <NumberText kind={kind} value={BigInt(value)} />;
  if (typeof value === "string") return /^0x[0-9a-fA-F]{17,}$/.test(value) ? <Hash value={value} what={name} /> : <span className="break-all">{plain(value, TEXT_MAX) || "(empty)"}</span>;
  return <Whole value={value} />;
}

function NumberText({ kind, value }: { kind: ReturnType<typeof kindOf>; value: bigint }): ReactElement {
  if (kind === "wei") return <Amount wei={value} />;
  if (kind === "bps") return <>{percentOfBps(value)}</>;
  if (kind === "span" && value < TIME_MAX_S) return <>{span(Number(value))}</>;
  if (kind === "time" && value > 1_000_000_000n && value < TIME_MAX_S) {
    return (
      <span>
        {dateTime(Number(value))} (<Moment unixS={Number(value)} />)
      </span>
    );
  }
  const text = value.toString();
  return text.length > 24 ? <Hash value={text} what="number" /> : <>{value.toLocaleString("en-US")}</>;
}

/** A record or a list, folded. */
function Whole({ value }: { value: unknown }): ReactElement {
  const text = JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner), 2);
  return (
    <details>
      <summary>{Array.isArray(value) ? `a list of ${value.length}` : "a record"}</summary>
      <pre className="mt-1 max-h-60 overflow-auto rounded bg-raised p-2 break-all whitespace-pre-wrap">{text.slice(0, 8_000)}</pre>
    </details>
  );
}
