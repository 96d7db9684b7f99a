/** What a proposal does, made from its calls alone: words, old and new value, bounds, what the contract says now. */
import type { ReactElement } from "react";
import type { Address } from "viem";
import { Addr, Amount, Card, Chip, Moment } from "../../components/basics";
import { SourceNote } from "../../components/states";
import { Icon } from "../../components/icons";
import type { DecodedCall, Intention } from "../../gov/calls";
import { isAboutModel } from "../../gov/models";
import { stepOf } from "../../gov/params";
import { reachOf } from "../../gov/rules";
import { formatValue } from "../../gov/values";
import { plain } from "../../lib/format";
import type { Trial } from "./actions";
import { ModelDetail } from "./model-detail";
import { type Readings, useReadings } from "./reads";

interface Props {
  calls: readonly DecodedCall[];
  trial: readonly Trial[] | undefined;
  /** A proposal that is over is shown against nothing: what it changed may have changed again. */
  isOver: boolean;
  isConstitutional: boolean;
  title?: string;
}

export function CallsCard({ calls, trial, isOver, isConstitutional, title = "What it does" }: Props): ReactElement {
  const readings = useReadings();
  return (
    <Card title={title} aside={<SourceNote source="chain" updatedAt={readings.dataUpdatedAt} />} flush>
      <ol>
        {calls.map((call, at) => (
          <li key={at} className="border-b border-line px-4 py-3 last:border-0">
            <p className="font-medium">
              {calls.length > 1 && <span className="text-ink-3">{at + 1}. </span>}
              {plain(call.words.charAt(0).toUpperCase() + call.words.slice(1), 600)}.
            </p>
            {call.note && <p className="text-ink-2">With the note: “{plain(call.note, 300)}”</p>}
            {call.intention && <Detail intention={call.intention} readings={readings.data} isOver={isOver} isConstitutional={isConstitutional} />}
            {!isOver && trial?.[at] && <TrialLine trial={trial[at]} />}
            <details className="mt-1 text-[0.93rem] text-ink-2">
              <summary>The call itself</summary>
              <p className="mt-1">
                {call.contract ? `${call.contract}.${call.functionName || "?"}` : "Unknown contract"} at <Addr value={call.target} />
              </p>
              <code className="block max-h-40 overflow-auto break-all" tabIndex={0}>
                {call.calldata}
              </code>
            </details>
          </li>
        ))}
      </ol>
      <p className="border-t border-line px-4 py-2 text-[0.93rem] text-ink-3">Made from the calls that are voted on, not from the proposer's text. Either all of them happen or none.</p>
    </Card>
  );
}

function TrialLine({ trial }: { trial: Trial }): ReactElement {
  return (
    <p className="mt-1 flex flex-wrap items-center gap-2 text-[0.93rem] text-ink-2">
      {trial.isAccepted ? <Chip tone="good">the contract would accept it now</Chip> : <Chip tone="warn">refused if executed now</Chip>}
      {!trial.isAccepted && <span>{trial.why}</span>}
    </p>
  );
}

function Detail({ intention, readings, isOver, isConstitutional }: { intention: Intention; readings: Readings | undefined; isOver: boolean; isConstitutional: boolean }): ReactElement | null {
  if (intention.kind === "change") return <ChangeDetail intention={intention} readings={readings} isOver={isOver} />;
  if (intention.kind === "payment") {
    return (
      <p className="mt-1 text-ink-2">
        <Amount wei={intention.amountWei} /> to <Addr value={intention.to as Address} />. {intention.fund === "treasury" ? `The treasury lets ${isConstitutional ? "Constitutional" : "Standard"} votes spend a part of it in 30 days.` : "The insurance fund lets votes grant 1 % of it in a week."}
      </p>
    );
  }
  if (intention.kind === "renewal") return <p className="mt-1 text-ink-2">A term of 18 months begins. The guardian can cancel proposals and pause for a week; it cannot cancel a proposal about itself.</p>;
  if (intention.kind === "slash") return <p className="mt-1 text-ink-2">A slash that is held can be made smaller by vote, never larger.</p>;
  if (isAboutModel(intention)) return <ModelDetail intention={intention} isOver={isOver} />;
  return null;
}

function ChangeDetail({ intention, readings, isOver }: { intention: Extract<Intention, { kind: "change" }>; readings: Readings | undefined; isOver: boolean }): ReactElement {
  const reading = readings?.byKey[intention.key];
  if (!reading) return <div className="skeleton mt-2 h-10" />;
  const { parameter, next } = reading;
  const say = (value: bigint): string => formatValue(value, parameter.unit);
  const [low, high] = reachOf(parameter, next);
  const isInReach = intention.value >= low && intention.value <= high;
  return (
    <div className="mt-1.5">
      <p className="text-ink-2">{parameter.meaning.charAt(0).toUpperCase() + parameter.meaning.slice(1)}.</p>
      {isOver ? (
        <p className="mt-1">
          It is <strong>{say(reading.value)}</strong> today{reading.sinceS > 0 && <>, and {say(next)} <Moment unixS={reading.sinceS} /></>}.
        </p>
      ) : (
        <>
          <p className="mt-1 flex flex-wrap items-center gap-2">
            <span className="rounded bg-bad-soft px-1.5 py-0.5 text-bad line-through">{say(next)}</span>
            <Icon name="next" size={14} />
            <span className="rounded bg-good-soft px-1.5 py-0.5 font-semibold text-good">{say(intention.value)}</span>
            {intention.value === next && <span className="text-ink-2">It stands there already.</span>}
          </p>
          <Range reading={{ min: parameter.min, max: parameter.max, low, high, from: next, to: intention.value }} />
          <p className="text-[0.93rem] text-ink-2">
            Bounds {say(parameter.min)} to {say(parameter.max)}; a step is at most {say(stepOf(parameter))}.
            {!isInReach && intention.value !== next && " As the value stands now, this step is too large."}
          </p>
        </>
      )}
    </div>
  );
}

/** Where old and new stand between the bounds; the soft part is what one vote reaches. */
function Range({ reading }: { reading: { min: bigint; max: bigint; low: bigint; high: bigint; from: bigint; to: bigint } }): ReactElement {
  const { min, max } = reading;
  const at = (value: bigint): number => (max === min ? 50 : Number(((value - min) * 1_000n) / (max - min)) / 10);
  const clamp = (percent: number): number => Math.min(100, Math.max(0, percent));
  return (
    <svg viewBox="0 0 100 6" preserveAspectRatio="none" className="my-1.5 h-3 w-full max-w-md" aria-hidden="true">
      <rect x="0" y="2" width="100" height="2" className="fill-raised" />
      <rect x={clamp(at(reading.low))} y="2" width={Math.max(0, clamp(at(reading.high)) - clamp(at(reading.low)))} height="2" className="fill-line-strong" opacity="0.5" />
      <rect x={clamp(at(reading.from)) - 0.3} y="0" width="0.6" height="6" className="fill-bad" />
      <rect x={clamp(at(reading.to)) - 0.3} y="0" width="0.6" height="6" className="fill-good" />
    </svg>
  );
}
