/** The commands for this very network, as the choices make them. */
import type { ReactElement } from "react";
import { Card, Copy, Field } from "../../components/basics";
import { Ticks } from "../../money/ticks";
import { parseNvy } from "../../job/money";
import { type Choices, linesOf } from "../../money/commands";
import { isDevnet } from "../../lib/config";
import { useNetwork } from "../../lib/context";

export function Commands({ choices, change }: { choices: Choices; change: (next: Choices) => void }): ReactElement {
  const isDev = isDevnet(useNetwork());
  const stake = parseNvy(choices.stake, "The stake");
  return (
    <Card title="On the computer that is to work">
      <div className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Choice
            legend="Who else uses it?"
            value={choices.isIdle}
            options={[
              [true, "I do", "It yields, and stops within two seconds when you return."],
              [false, "Nobody", "It computes always, at the lowest priority."],
            ]}
            choose={(isIdle) => change({ ...choices, isIdle })}
          />
          <Choice
            legend="For pay, or as a gift?"
            value={choices.isVolunteer}
            options={[
              [false, "For pay", "At the prices in its settings."],
              [true, "As a volunteer", "For one wei, to clients that you list. Nothing rewards it; every gift stands on chain."],
            ]}
            choose={(isVolunteer) => change({ ...choices, isVolunteer })}
          />
          <Field label="Invitation" hint={<Ticks text={isDev ? "Usually `~/.neurovoyance/local/invitation.json` on this machine; `neurovoyance up` prints it." : "A small file or its address, from whoever runs this network."} />}>
            {(field) => <input {...field} className="input font-mono" value={choices.invitation} spellCheck={false} autoComplete="off" placeholder="file or URL" onChange={(event) => change({ ...choices, invitation: event.target.value })} />}
          </Field>
          <Field label="Stake, NVY" hint="1,000 if left empty." error={choices.stake.trim() !== "" && !stake.ok ? stake.message : undefined}>
            {(field) => <input {...field} className="input" inputMode="decimal" value={choices.stake} onChange={(event) => change({ ...choices, stake: event.target.value })} />}
          </Field>
        </div>
        <ol className="flex flex-col gap-3">
          {linesOf(choices, isDev).map(({ command, about }, index) => (
            <li key={about} className="flex gap-3">
              <span className="mt-1.5 inline-flex size-6 flex-none items-center justify-center rounded-full bg-raised text-ink-2" aria-hidden="true">
                {index + 1}
              </span>
              <span className="min-w-0 flex-1">
                <span className="flex items-center gap-1 rounded bg-raised pl-3">
                  <code className="min-w-0 flex-1 py-2 break-words">
                    {command}
                  </code>
                  <Copy value={command} what={`command ${index + 1}`} />
                </span>
                <span className="text-ink-2">{about}</span>
              </span>
            </li>
          ))}
        </ol>
        {isDev && <p className="text-ink-2"><Ticks text="`--home` keeps the lender's folder apart from the one of the network on this machine." /></p>}
      </div>
    </Card>
  );
}

function Choice<T>({ legend, value, options, choose }: { legend: string; value: T; options: readonly (readonly [T, string, string])[]; choose: (value: T) => void }): ReactElement {
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1 font-medium">{legend}</legend>
      {options.map(([option, label, about]) => (
        <label key={label} className="flex items-start gap-2">
          <input type="radio" name={legend} className="mt-1 size-4 flex-none accent-accent" checked={option === value} onChange={() => choose(option)} />
          <span>
            {label}
            <span className="block text-ink-2">{about}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
