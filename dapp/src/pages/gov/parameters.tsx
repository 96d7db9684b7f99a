/** Every parameter: value, bounds, step, when it may change next, who may change it. */
import { type ReactElement, useState } from "react";
import { Link } from "react-router";
import { Card, Field, Moment } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { WORDS, WORD_TITLES, stepOf } from "../../gov/params";
import type { Reading } from "../../gov/rules";
import { formatValue } from "../../gov/values";
import { useChainNow } from "../../lib/clock";
import { useReadings } from "./reads";

const say = ({ parameter }: Reading, value: bigint): string => formatValue(value, parameter.unit);
/** The same, shorter: a table holds many of them. */
const brief = (reading: Reading, value: bigint): string => say(reading, value).replace(/ percent$/, " %").replace(/(\.\d{4})\d+/, "$1…");

const COLUMNS: readonly Column<Reading>[] = [
  {
    label: "Parameter",
    render: ({ parameter }) => (
      <span className="block min-w-0 text-left whitespace-normal lg:w-[24rem]">
        <Link to={`/gov/new?key=${parameter.key}`} className="font-medium">
          {parameter.key}
        </Link>
        <span className="block text-ink-2">{parameter.meaning}</span>
      </span>
    ),
    csv: ({ parameter }) => parameter.key,
  },
  {
    label: "Now",
    render: (reading) => (
      <span>
        <strong title={say(reading, reading.value)}>{brief(reading, reading.value)}</strong>
        {reading.sinceS > 0 && (
          <span className="block text-info">
            {brief(reading, reading.next)} <Moment unixS={reading.sinceS} />
          </span>
        )}
      </span>
    ),
    csv: (reading) => say(reading, reading.value),
  },
  {
    label: "Bounds",
    render: (reading) => (
      <span>
        {brief(reading, reading.parameter.min)} <span className="text-ink-3">to</span> {brief(reading, reading.parameter.max)}
      </span>
    ),
    csv: (reading) => `${say(reading, reading.parameter.min)} to ${say(reading, reading.parameter.max)}`,
  },
  { label: "Largest step", render: (reading) => brief(reading, stepOf(reading.parameter)), csv: (reading) => say(reading, stepOf(reading.parameter)) },
  { label: "May change", render: (reading) => <MayChange reading={reading} />, csv: (reading) => (reading.readyAtS ? new Date(reading.readyAtS * 1000).toISOString() : "now") },
  { label: "By", render: ({ parameter }) => <span className="whitespace-nowrap">{parameter.class === "S" ? "either governor" : "Constitutional"}</span>, csv: ({ parameter }) => parameter.class },
];

function MayChange({ reading }: { reading: Reading }): ReactElement {
  const now = useChainNow(30_000);
  return reading.readyAtS > now ? <Moment unixS={reading.readyAtS} /> : <span className="whitespace-nowrap">now</span>;
}

export function Parameters(): ReactElement {
  const readings = useReadings();
  const [word, setWord] = useState("");
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const rows = Object.values(readings.data?.byKey ?? {}).filter(({ parameter }) => (word === "" || parameter.word === word) && (wanted === "" || `${parameter.key} ${parameter.meaning}`.toLowerCase().includes(wanted)));
  return (
    <Card title="Parameters" aside={<SourceNote source="chain" updatedAt={readings.dataUpdatedAt} />} flush>
      <div className="border-b border-line p-4"><div className="grid gap-3 sm:grid-cols-2 lg:max-w-2xl">
        <Field label="Group">
          {(field) => (
            <select {...field} className="input" value={word} onChange={(event) => setWord(event.target.value)}>
              <option value="">All</option>
              {WORDS.map((name) => (
                <option key={name} value={name}>
                  {WORD_TITLES[name]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Search">{(field) => <input {...field} className="input" type="search" value={text} onChange={(event) => setText(event.target.value)} placeholder="burn, stake, quorum…" />}</Field>
      </div></div>
      <Ask asked={readings} what="parameters" isEmpty={() => rows.length === 0} empty={<Empty>No parameter fits this.</Empty>}>
        {() => <Table caption="Parameters" rows={rows} columns={COLUMNS} keyOf={({ parameter }) => parameter.key} />}
      </Ask>
      <ListFoot rows={rows} columns={COLUMNS} name="parameters" />
    </Card>
  );
}
