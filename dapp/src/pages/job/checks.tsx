/** Verification details: every hash link of the job, computed again here from its events and the chain. */
import type { ReactElement } from "react";
import type { Hex } from "viem";
import { Card, Chip } from "../../components/basics";
import { Icon } from "../../components/icons";
import { Ask } from "../../components/states";
import type { Check } from "../../job/check";
import { plain } from "../../lib/format";
import { useManifest } from "../../queries/models";
import type { EventRow, JobRow } from "../../queries/rows";
import { useChecks } from "./evidence";
import { useResult } from "./result";

export function Checks({ row, events }: { row: JobRow; events: readonly EventRow[] }): ReactElement | null {
  const manifest = useManifest(row.model_id);
  const result = useResult(row, events, manifest.data);
  const checks = useChecks(row, events, manifest.data, result.data?.outRoot as Hex | undefined);
  if (events.length === 0) return null;
  return (
    <Card title="Verification" aside={checks.data && <Verdict checks={checks.data} />} flush>
      <Ask asked={checks} what="checks">
        {(found) => (
          <ul>
            {found.map((check) => (
              <Line key={check.id} check={check} />
            ))}
          </ul>
        )}
      </Ask>
      <p className="border-t border-line px-4 py-2.5 text-[0.93rem] text-ink-2">
        Computed in this browser: nobody's word is taken. The same from a terminal: <code>neurovoyance audit explain {row.job_id.slice(0, 10)}…</code>
      </p>
    </Card>
  );
}

const LOOKS = { hold: ["text-good", "check", "holds"], fail: ["text-bad", "cross", "does not hold"], open: ["text-ink-3", "clock", "open"] } as const;
const lookOf = (check: Check): keyof typeof LOOKS => (check.ok === true ? "hold" : check.ok === false ? "fail" : "open");

function Line({ check }: { check: Check }): ReactElement {
  const [colour, icon, word] = LOOKS[lookOf(check)];
  return (
    <li className="border-b border-line last:border-0">
      {/* What an auditor found matters more than that its record holds. */}
      <details className="px-4 py-2" open={/^audit_\d/.test(check.id)}>
        <summary className="flex items-center gap-2">
          <span className={colour}>
            <Icon name={icon} size={14} />
          </span>
          <span className="min-w-0 flex-1">{check.name}</span>
          <span className={`text-[0.9rem] ${colour}`}>{word}</span>
        </summary>
        <p className="mt-1 pl-6 text-[0.93rem] text-ink-2">{plain(check.detail, 600)}</p>
      </details>
    </li>
  );
}

function Verdict({ checks }: { checks: readonly Check[] }): ReactElement {
  const count = (look: keyof typeof LOOKS): number => checks.filter((check) => lookOf(check) === look).length;
  if (count("fail") > 0) return <Chip tone="bad">{count("fail")} do not hold</Chip>;
  return <Chip tone={count("open") > 0 ? "neutral" : "good"}>{`${count("hold")} of ${checks.length} hold${count("open") > 0 ? `, ${count("open")} open` : ""}`}</Chip>;
}
