/** A new proposal: parameters and values, judged as they are typed; its calls, its effect, one transaction. */
import { type ReactElement, useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { Button, Card, Field, Notice, PageHead } from "../components/basics";
import { Ask, Empty, SourceNote } from "../components/states";
import { type Intention, callOf } from "../gov/calls";
import { isAboutModel, modelFault } from "../gov/models";
import { PARAMETERS, WORDS, WORD_TITLES, parameterOf } from "../gov/params";
import { type TreasuryLeft, pickGovernor } from "../gov/rules";
import { formatMoney, formatValue } from "../gov/values";
import { ifProposed } from "../gov/timeline";
import { FORMS, formsOf, readWish, wishOf } from "../gov/wishes";
import { useChainNow } from "../lib/clock";
import { useNetwork } from "../lib/context";
import { useRegistered } from "../queries/registry";
import { CallsCard } from "./gov/calls-card";
import { ChangeRow } from "./gov/change-row";
import { CHANGES_MAX, type Draft, type Judged, REASON_MAX, countOf, emptyDraft, judge, keepDraft, loadDraft } from "./gov/draft";
import { EffectsCard } from "./gov/effects-card";
import { useDecoded, useTrial } from "./gov/actions";
import { NoVotes } from "./gov/parts";
import { ProposeCard } from "./gov/propose-card";
import { type GovernorsNow, type Readings, useGovernors, useReadings, useTreasuryLeft } from "./gov/reads";
import { WishRow } from "./gov/wish-row";

export function Component(): ReactElement {
  const { flags } = useNetwork();
  return flags.economy ? <Page /> : <NoVotes />;
}

function Page(): ReactElement {
  const [params] = useSearchParams();
  const [draft, setDraft] = useState<Draft>(() => withKey(loadDraft() ?? emptyDraft(), params.get("key")));
  const readings = useReadings();
  const governors = useGovernors();
  useEffect(() => {
    keepDraft(draft);
  }, [draft]);
  return (
    <>
      <PageHead title="New proposal" lead="Say what shall happen and why. A proposal is calls of contracts: a text alone cannot be proposed, and what the contracts would refuse is refused here." actions={<Button onClick={() => setDraft(emptyDraft())}>Start over</Button>} />
      <Ask asked={readings} what="parameters">
        {(now) => (
          <Ask asked={governors} what="governors">
            {(both) => <Form draft={draft} setDraft={setDraft} readings={now} governors={both} updatedAt={readings.dataUpdatedAt} />}
          </Ask>
        )}
      </Ask>
    </>
  );
}

const withKey = (draft: Draft, key: string | null): Draft => (key === null || parameterOf(key) === undefined || draft.changes.some((change) => change.key === key) || countOf(draft) >= CHANGES_MAX ? draft : { ...draft, changes: [...draft.changes, { key, text: "" }] });

/** Until the treasury has answered. */
const UNKNOWN_LEFT: TreasuryLeft = { standardWei: 2n ** 255n, constitutionalWei: 0n };
const leftWords = (left: TreasuryLeft | undefined): string | undefined => left && `Now the treasury may pay ${formatMoney(left.standardWei)} by a Standard, ${formatMoney(left.constitutionalWei)} by a Constitutional vote.`;

interface FormProps {
  draft: Draft;
  setDraft: (draft: Draft) => void;
  readings: Readings;
  governors: GovernorsNow;
  updatedAt: number;
}

function Form({ draft, setDraft, readings, governors, updatedAt }: FormProps): ReactElement {
  const { contracts } = useNetwork();
  const go = useNavigate();
  const now = Math.floor(useChainNow(30_000));
  // A draft may come from another network, which had more contracts.
  const known = new Set(formsOf(contracts).map(([name]) => name));
  const read = draft.wishes.map((wish) => (known.has(wish.form) ? readWish(wish) : { faults: [] }));
  const wishes = read.flatMap((found) => ("intention" in found ? [found.intention] : []));
  const hasPayment = draft.wishes.some((wish) => wish.form === "payment");
  const left = useTreasuryLeft(hasPayment);
  const isClassC = draft.changes.some(({ key }) => readings.byKey[key]?.parameter.class === "C");
  const picked = pickGovernor([...draft.changes.map(({ key }): Intention => ({ kind: "change", key, value: 0n })), ...wishes], left.data ?? UNKNOWN_LEFT);
  const isConstitutional = "isConstitutional" in picked ? picked.isConstitutional : isClassC;
  const governor = isConstitutional ? governors.constitutional : governors.standard;
  const judged = new Map<string, Judged>(draft.changes.flatMap((change) => {
    const reading = readings.byKey[change.key];
    return reading ? [[change.key, judge(change, reading, governor.times, now)]] : [];
  }));
  const models = useRegistered(wishes.filter(isAboutModel).map(({ modelId }) => modelId));
  const executeS = ifProposed(now, governor.times).executableS;
  const modelFaults = read.map((found) => {
    const intention = "intention" in found && isAboutModel(found.intention) ? found.intention : undefined;
    const model = intention && models.data?.[intention.modelId];
    return model && modelFault(intention, model, executeS);
  });
  const isModelUnsure = wishes.some(isAboutModel) && models.data === undefined;
  const good = draft.changes.flatMap(({ key }) => {
    const one = judged.get(key);
    return one?.value !== undefined && one.fault === undefined ? [{ kind: "change" as const, key, value: one.value }] : [];
  });
  const intentions = [...good, ...wishes];
  const reason = draft.reason.trim();
  const calls = intentions.map((intention) => callOf(contracts, intention, reason));
  const asked = { targets: calls.map(({ target }) => target), calldatas: calls.map(({ calldata }) => calldata) };
  const decoded = useDecoded(asked);
  // Tried without the reason, which changes with every key and decides nothing.
  const tried = intentions.map((intention) => callOf(contracts, intention).calldata);
  const trial = useTrial(calls.length > 0 ? { ...asked, calldatas: tried } : undefined, isConstitutional ? contracts.constitutional_timelock : contracts.standard_timelock);
  const put = (key: string, text: string): void => setDraft({ ...draft, changes: draft.changes.map((change) => (change.key === key ? { key, text } : change)) });
  const isTooLong = draft.reason.length > REASON_MAX;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="flex min-w-0 flex-col gap-4">
        <Card title="1. What shall happen" aside={<SourceNote source="chain" updatedAt={updatedAt} />} flush>
          {countOf(draft) === 0 ? (
            <Empty>Choose a parameter, or something else, below.</Empty>
          ) : (
            <ul>
              {draft.changes.map((change) => {
                const reading = readings.byKey[change.key];
                return reading ? <ChangeRow key={change.key} change={change} reading={reading} judged={judged.get(change.key) ?? {}} onChange={(text) => put(change.key, text)} onRemove={() => setDraft({ ...draft, changes: draft.changes.filter(({ key }) => key !== change.key) })} /> : null;
              })}
              {draft.wishes.map((wish, at) => (
                <WishRow key={at} wish={wish} fault={modelFaults[at]} note={wish.form === "payment" ? leftWords(left.data) : undefined} onChange={(typed) => setDraft({ ...draft, wishes: draft.wishes.with(at, typed) })} onRemove={() => setDraft({ ...draft, wishes: draft.wishes.toSpliced(at, 1) })} />
              ))}
            </ul>
          )}
          {"message" in picked && <div className="border-t border-line p-4 pb-0"><Notice tone="bad" title={picked.message}>{picked.hint}</Notice></div>}
          <Adder draft={draft} readings={readings} setDraft={setDraft} />
        </Card>
        <Card title="2. Why">
          <Field label="Reason" hint="Markdown. Voters read it beside the calls; it is public for ever." error={isTooLong ? `A reason has at most ${REASON_MAX.toLocaleString("en-US")} characters; link the longer text.` : undefined}>
            {(field) => <textarea {...field} className="input" rows={6} value={draft.reason} onChange={(event) => setDraft({ ...draft, reason: event.target.value })} />}
          </Field>
        </Card>
        {decoded.length > 0 && <CallsCard title="3. What would be voted on" calls={decoded} trial={trial.data} isOver={false} isConstitutional={isConstitutional} />}
        <EffectsCard change={Object.fromEntries(good.map(({ key, value }) => [key, value]))} />
      </div>
      <div className="lg:sticky lg:top-20">
        <ProposeCard
          draft={draft}
          setMine={(isMine) => setDraft({ ...draft, isMine })}
          intentions={intentions}
          isComplete={intentions.length > 0 && intentions.length === countOf(draft) && reason !== "" && !isTooLong}
          isRefused={!("isConstitutional" in picked) || isModelUnsure || modelFaults.some(Boolean) || (hasPayment && left.data === undefined)}
          isConstitutional={isConstitutional}
          governor={governor}
          nowS={now}
          readings={readings}
          onDone={(id) => {
            setDraft(emptyDraft());
            void go(`/gov/${id}`);
          }}
        />
      </div>
    </div>
  );
}

/** Another parameter, from those that are not there yet, or something that is none. */
function Adder({ draft, readings, setDraft }: { draft: Draft; readings: Readings; setDraft: (draft: Draft) => void }): ReactElement {
  const { contracts } = useNetwork();
  const taken = new Set(draft.changes.map(({ key }) => key));
  const isFull = countOf(draft) >= CHANGES_MAX;
  const add = (key: string): void => {
    const reading = readings.byKey[key];
    if (reading) setDraft({ ...draft, changes: [...draft.changes, { key, text: formatValue(reading.next, reading.parameter.unit) }] });
    else if (FORMS[key]) setDraft({ ...draft, wishes: [...draft.wishes, wishOf(key)] });
  };
  return (
    <div className="border-t border-line p-4">
      <Field label={countOf(draft) === 0 ? "Parameter or else" : "Another one"} hint={isFull ? `A proposal holds at most ${CHANGES_MAX} calls.` : undefined}>
        {(field) => (
          <select {...field} className="input" value="" disabled={isFull} onChange={(event) => add(event.target.value)}>
            <option value="">Choose…</option>
            {WORDS.map((word) => (
              <optgroup key={word} label={WORD_TITLES[word] ?? word}>
                {PARAMETERS.filter((parameter) => parameter.word === word && !taken.has(parameter.key)).map((parameter) => (
                  <option key={parameter.key} value={parameter.key}>
                    {parameter.key} ({formatValue(readings.byKey[parameter.key]?.next ?? parameter.default, parameter.unit)})
                  </option>
                ))}
              </optgroup>
            ))}
            <optgroup label="Something else">
              {formsOf(contracts).map(([key, { title }]) => <option key={key} value={key}>{title}</option>)}
            </optgroup>
          </select>
        )}
      </Field>
    </div>
  );
}
