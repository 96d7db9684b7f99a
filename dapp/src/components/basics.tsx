/** The small parts of every page: amounts, addresses, times, chips, fields, tables of facts. */
import { type ComponentProps, type ReactElement, type ReactNode, useEffect, useId, useState } from "react";
import { Link } from "react-router";
import { useChainNow, useIsChainNowKnown, useNow } from "../lib/clock";
import { dateTime, nvy, nvyExact, shortHex, span } from "../lib/format";
import { Icon, type IconName } from "./icons";

/** An amount of NVY, or "—" with the reason when it is unknown. The whole number stands in the title. */
export function Amount({ wei, unit = "NVY", decimals, why }: { wei: bigint | undefined; unit?: string; decimals?: number; why?: string }): ReactElement {
  if (wei === undefined) return <Unknown why={why ?? "not known yet"} />;
  return (
    <span title={`${nvyExact(wei)} ${unit}`} className="whitespace-nowrap">
      {nvy(wei, decimals)}
      {unit && <span className="text-ink-3"> {unit}</span>}
    </span>
  );
}

/** A value that is missing: never shown as zero. */
export function Unknown({ why }: { why: string }): ReactElement {
  return (
    <span className="text-ink-3" title={why}>
      —<span className="sr-only"> ({why})</span>
    </span>
  );
}

/** An address, cut in the middle, with a link to its page and a button that copies it. */
export function Addr({ value, you = false, link = true }: { value: string | undefined; you?: boolean; link?: boolean }): ReactElement {
  if (!value || /^0x0{40}$/.test(value)) return <Unknown why="nobody" />;
  const text = <code title={value}>{shortHex(value)}</code>;
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap">
      {link ? <Link to={`/account/${value}`}>{text}</Link> : text}
      {you && <span className="text-ink-3">(you)</span>}
      <Copy value={value} what="address" />
    </span>
  );
}

/** A hash or an id, cut in the middle and copyable; with `to` it is a link. */
export function Hash({ value, to, what = "hash", head = 8 }: { value: string; to?: string; what?: string; head?: number }): ReactElement {
  const text = <code title={value}>{shortHex(value, head)}</code>;
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap">
      {to ? <Link to={to}>{text}</Link> : text}
      <Copy value={value} what={what} />
    </span>
  );
}

export function Copy({ value, what }: { value: string; what: string }): ReactElement {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <button
      type="button"
      className="inline-flex size-6 items-center justify-center rounded text-ink-3 hover:text-ink"
      aria-label={done ? "Copied" : `Copy ${what}`}
      onClick={() => void navigator.clipboard.writeText(value).then(() => setDone(true), () => undefined)}
    >
      <Icon name={done ? "check" : "copy"} size={13} />
    </button>
  );
}

/** A moment: how long ago or until, with date and time in the title. Chain time unless it is the browser's. */
export function Moment({ unixS, clock = "chain" }: { unixS: number; clock?: "chain" | "browser" }): ReactElement {
  const chain = useChainNow(clock === "chain" ? 5_000 : 3_600_000);
  const browser = useNow(clock === "browser" ? 5_000 : 3_600_000);
  const isKnown = useIsChainNowKnown() || clock === "browser";
  if (!unixS) return <Unknown why="no time" />;
  const away = unixS - (clock === "chain" ? chain : browser);
  return (
    <time dateTime={new Date(unixS * 1000).toISOString()} title={dateTime(unixS)} className="whitespace-nowrap">
      {!isKnown ? dateTime(unixS) : Math.abs(away) < 1 ? "now" : away > 0 ? `in ${span(away)}` : `${span(-away)} ago`}
    </time>
  );
}

export type Tone = "neutral" | "good" | "warn" | "bad" | "info";

const TONES: Record<Tone, string> = {
  neutral: "bg-raised text-ink-2",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  info: "bg-info-soft text-info",
};
const TONE_ICONS: Record<Tone, IconName> = { neutral: "clock", good: "check", warn: "warn", bad: "cross", info: "info" };

/** A state, told by colour, icon and word together. */
export function Chip({ tone = "neutral", icon, children, title }: { tone?: Tone; icon?: IconName | null; children: ReactNode; title?: string }): ReactElement {
  return (
    <span className={`chip ${TONES[tone]}`} title={title}>
      {icon !== null && <Icon name={icon ?? TONE_ICONS[tone]} size={12} />}
      {children}
    </span>
  );
}

export function Button({ kind = "plain", busy = false, children, className = "", ...rest }: ComponentProps<"button"> & { kind?: "plain" | "primary" | "danger" | "quiet"; busy?: boolean }): ReactElement {
  const look = kind === "plain" ? "" : `button-${kind}`;
  return (
    <button type="button" className={`button ${look} ${className}`} aria-busy={busy || undefined} {...rest}>
      {children}
      {busy && <span aria-hidden="true">…</span>}
    </button>
  );
}

/** A labelled input with its hint, and its message when what was typed cannot be used. */
export function Field({ label, hint, error, children }: { label: string; hint?: ReactNode; error?: string; children: (props: { id: string; "aria-invalid": boolean; "aria-describedby": string | undefined }) => ReactNode }): ReactElement {
  const id = useId();
  const describedBy = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({ id, "aria-invalid": error !== undefined, "aria-describedby": describedBy })}
      {error ? (
        <p id={`${id}-error`} role="alert" className="text-[0.93rem] text-bad">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="text-[0.93rem] text-ink-2">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

/** A section of a page: a heading, where its facts come from, and the facts. */
export function Card({ title, aside, children, className = "", flush = false }: { title?: ReactNode; aside?: ReactNode; children: ReactNode; className?: string; flush?: boolean }): ReactElement {
  return (
    <section className={`card min-w-0 ${className}`}>
      {title !== undefined && (
        <header className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-2.5">
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      <div className={flush ? "" : "p-4"}>{children}</div>
    </section>
  );
}

/** Name and value pairs, one a line. */
export function Facts({ items }: { items: (readonly [ReactNode, ReactNode] | false | undefined)[] }): ReactElement {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-1.5">
      {items.filter((item) => !!item).map(([name, value], index) => (
        <div key={index} className="contents">
          <dt className="text-ink-2">{name}</dt>
          <dd className="min-w-0">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** One number that matters, with its name and what it means. */
export function Stat({ label, value, note }: { label: ReactNode; value: ReactNode; note?: ReactNode }): ReactElement {
  return (
    <div className="card px-4 py-3">
      <div className="text-ink-2">{label}</div>
      <div className="mt-0.5 text-[1.35rem] leading-tight font-semibold">{value}</div>
      {note && <div className="mt-0.5 text-[0.93rem] text-ink-3">{note}</div>}
    </div>
  );
}

/** A message that stays: what happened, what is safe, what to do. */
export function Notice({ tone = "info", title, children, actions }: { tone?: Tone; title: ReactNode; children?: ReactNode; actions?: ReactNode }): ReactElement {
  return (
    <div className={`rounded-lg border border-line p-3 ${TONES[tone]}`} role={tone === "bad" ? "alert" : "status"}>
      <div className="flex items-start gap-2">
        <span className="mt-0.5">
          <Icon name={TONE_ICONS[tone]} />
        </span>
        <div className="min-w-0 flex-1">
          <p className="font-semibold">{title}</p>
          {children && <div className="mt-0.5 text-ink">{children}</div>}
          {actions && <div className="mt-2 flex flex-wrap gap-2 text-ink">{actions}</div>}
        </div>
      </div>
    </div>
  );
}

/** Heading of a page, with what can be done here. */
export function PageHead({ title, lead, actions }: { title: ReactNode; lead?: ReactNode; actions?: ReactNode }): ReactElement {
  return (
    <div className="mb-4 flex flex-wrap items-end justify-between gap-3">
      <div className="min-w-0">
        <h1>{title}</h1>
        {lead && <p className="mt-0.5 max-w-prose text-ink-2">{lead}</p>}
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}
