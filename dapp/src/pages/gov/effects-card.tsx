/** The effect of changed parameters in worked cases, before and after. */
import type { ReactElement } from "react";
import { Card } from "../../components/basics";
import { Icon } from "../../components/icons";
import { SourceNote } from "../../components/states";
import { type Shown, effectsOf, withoutCase } from "../../gov/effects";
import { useNetwork } from "../../lib/context";
import { FigureText } from "./parts";
import { useFacts, useReadings } from "./reads";

/** @param change new values by key. */
export function EffectsCard({ change }: { change: Readonly<Record<string, bigint>> }): ReactElement | null {
  const { flags } = useNetwork();
  const readings = useReadings();
  const facts = useFacts();
  if (Object.keys(change).length === 0 || !readings.data || !facts.data) return null;
  // What was set last counts: another change may wait for the next epoch.
  const before = Object.fromEntries(Object.entries(readings.data.byKey).map(([key, reading]) => [key, reading.next]));
  const cases = effectsOf(before, change, facts.data, flags.audits);
  const silent = withoutCase(Object.keys(change));
  return (
    <Card title="What that means" aside={<SourceNote source="chain" updatedAt={facts.dataUpdatedAt} />} flush>
      {cases.map((one) => (
        <CaseTable key={one.title} shown={one} />
      ))}
      <p className="border-t border-line px-4 py-2 text-[0.93rem] text-ink-3">
        Worked out with the contracts' arithmetic, everything else as it is. {silent.length > 0 && `No worked case shows ${silent.join(", ")}. `}
        What people do in answer is not in it; <code>neurovoyance gov simulate --years 1</code> plays that.
      </p>
    </Card>
  );
}

function CaseTable({ shown }: { shown: Shown }): ReactElement {
  return (
    <div className="border-b border-line px-4 py-3 last:border-0">
      <h3>{shown.title}</h3>
      <p className="text-ink-2">{shown.given}</p>
      <dl className="mt-2 grid gap-y-1">
        {shown.lines.map((line) => (
          <div key={line.label} className="flex flex-wrap justify-between gap-x-4">
            <dt className="text-ink-2">{line.label}</dt>
            <dd className="flex flex-wrap items-center gap-1.5">
              {line.isSame ? (
                <span className="text-ink-2">
                  <FigureText figure={line.after} />, as now
                </span>
              ) : (
                <>
                  <FigureText figure={line.before} />
                  <Icon name="next" size={12} />
                  <span className="sr-only">becomes</span>
                  <strong>
                    <FigureText figure={line.after} />
                  </strong>
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
