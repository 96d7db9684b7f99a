/** Who decides what, with the settings as they are now, and what no vote can do. */
import type { ReactElement, ReactNode } from "react";
import { Amount, Card } from "../../components/basics";
import { Ask, SourceNote } from "../../components/states";
import { formatTime } from "../../gov/values";
import { percentOfBps } from "../../lib/format";
import { type GovernorNow, useGovernors } from "./reads";

const ROWS: readonly (readonly [string, (governor: GovernorNow) => ReactNode])[] = [
  ["Votes to propose", (governor) => <Amount wei={governor.thresholdWei} decimals={0} unit="" why="no votes were counted yet" />],
  ["Votes count as of", (governor) => `${formatTime(BigInt(governor.times.delayS))} later`],
  ["Voting lasts", (governor) => formatTime(BigInt(governor.times.periodS))],
  ["Quorum, For and Abstain", (governor) => <Amount wei={governor.quorumWei} decimals={0} unit="" why="no votes were counted yet" />],
  ["Majority of For and Against", (governor) => (governor.majorityBps === 5_000n ? "more than half" : percentOfBps(governor.majorityBps))],
  ["Waits afterwards", (governor) => formatTime(BigInt(governor.times.timelockS))],
];

export function Rules(): ReactElement {
  const governors = useGovernors();
  return (
    <Card title="Who decides what" aside={<SourceNote source="chain" updatedAt={governors.dataUpdatedAt} />} flush>
      <Ask asked={governors} what="governors">
        {({ standard, constitutional }) => (
          <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Who decides what">
            <table className="data">
              <thead>
                <tr>
                  <th scope="col">
                    <span className="sr-only">Setting</span>
                  </th>
                  <th scope="col">Standard</th>
                  <th scope="col">Constitutional</th>
                </tr>
              </thead>
              <tbody>
                <tr>
                  <th scope="row">Decides</th>
                  <td>parameters of class S, small payments, smaller slashes, models</td>
                  <td>every parameter, larger payments, the insurance fund, the guardian</td>
                </tr>
                {ROWS.map(([label, render]) => (
                  <tr key={label}>
                    <th scope="row" className="min-w-28 whitespace-normal">{label}</th>
                    <td>{render(standard)}</td>
                    <td>{render(constitutional)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Ask>
      <details className="border-t border-line p-4">
        <summary className="font-medium">What no vote can do</summary>
        <p className="mt-2 text-ink-2">
          Mint, freeze or take tokens; stop withdrawals, refunds, vested tokens or finished unbonding; change what an unbonding or vesting was promised; move a parameter out of its bounds or faster than its step; act before its delay is over. A slash can be made smaller by vote, never larger.
        </p>
      </details>
    </Card>
  );
}
