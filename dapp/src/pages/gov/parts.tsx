/** Small parts of the governance pages: states, voters, bars of votes, figures. */
import type { ReactElement } from "react";
import { Link } from "react-router";
import { Amount, Chip, Copy, PageHead, Unknown } from "../../components/basics";
import { type Figure } from "../../gov/effects";
import { STATE_WORDS, SUPPORT_WORDS, type State, type Support, type Tally, countedWei } from "../../gov/proposals";
import { sameAddress } from "../../hire/draft";
import { useNetwork } from "../../lib/context";
import { nvy, percentOfBps, share, shortHex } from "../../lib/format";
import { useAccount } from "../../wallet/gate";

export function NoVotes(): ReactElement {
  return <PageHead title="Governance" lead={<>This network runs without the token economy, so it has no votes: its rules stay as they were deployed. <code>neurovoyance up --economy</code> starts one with votes.</>} />;
}

export function StateChip({ state }: { state: State | undefined }): ReactElement {
  if (state === undefined) return <Unknown why="the governor has not answered yet" />;
  const words = STATE_WORDS[state];
  return (
    <Chip tone={words.tone} title={words.now}>
      {words.title}
    </Chip>
  );
}

export const GOVERNOR_NAMES = { standard: "Standard", constitutional: "Constitutional" } as const;
export type GovernorKind = keyof typeof GOVERNOR_NAMES;

export function useKindOf(): (governor: string) => GovernorKind {
  const { contracts } = useNetwork();
  return (governor) => (sameAddress(governor, contracts.constitutional_governor) ? "constitutional" : "standard");
}

/** Somebody who votes, with a link to how. */
export function Voter({ value }: { value: string }): ReactElement {
  const you = useAccount();
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap">
      <Link to={`/gov/delegates/${value}`}>
        <code title={value}>{shortHex(value)}</code>
      </Link>
      {sameAddress(you, value) && <span className="text-ink-3">(you)</span>}
      <Copy value={value} what="address" />
    </span>
  );
}

export const SUPPORT_TONES = { for: "good", against: "bad", abstain: "neutral" } as const;

export function SupportChip({ support }: { support: Support }): ReactElement {
  return (
    <Chip tone={SUPPORT_TONES[support]} icon={support === "abstain" ? null : undefined}>
      {SUPPORT_WORDS[support]}
    </Chip>
  );
}

const FILL = { for: "bg-good", against: "bg-bad", abstain: "bg-line-strong" } as const;
const widthOf = (part: bigint, whole: bigint): number => (whole === 0n ? 0 : Number((part * 10_000n) / whole) / 100);

/** For, Against and Abstain, each with its part of all that was cast. */
export function TallyBars({ tally }: { tally: Tally }): ReactElement {
  const total = tally.forWei + tally.againstWei + tally.abstainWei;
  const rows: readonly (readonly [Support, bigint])[] = [["for", tally.forWei], ["against", tally.againstWei], ["abstain", tally.abstainWei]];
  return (
    <ul className="flex flex-col gap-2">
      {rows.map(([support, votes]) => (
        <li key={support}>
          <div className="flex justify-between gap-2">
            <span className="font-medium">{SUPPORT_WORDS[support]}</span>
            <span>
              <Amount wei={votes} decimals={0} unit="" /> <span className="text-ink-3">{share(votes, total) ?? ""}</span>
            </span>
          </div>
          <div className="mt-0.5 h-2 overflow-hidden rounded bg-raised" aria-hidden="true">
            <div className={`h-2 ${FILL[support]}`} style={{ width: `${widthOf(votes, total)}%` }} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** One thin bar of all three, for lists; the numbers stand in its label. */
export function TallyLine({ tally }: { tally: Tally }): ReactElement {
  const total = tally.forWei + tally.againstWei + tally.abstainWei;
  const label = `For ${nvy(tally.forWei, 0)}, against ${nvy(tally.againstWei, 0)}, abstain ${nvy(tally.abstainWei, 0)}`;
  return (
    <div>
      <div className="flex h-2 w-full gap-px overflow-hidden rounded bg-raised" role="img" aria-label={label}>
        {(["for", "against", "abstain"] as const).map((support) => {
          const part = { for: tally.forWei, against: tally.againstWei, abstain: tally.abstainWei }[support];
          return part > 0n && <div key={support} className={FILL[support]} style={{ width: `${widthOf(part, total)}%` }} />;
        })}
      </div>
      <div className="mt-0.5 text-[0.9rem] text-ink-2" aria-hidden="true">
        {total === 0n ? "no votes yet" : `${nvy(tally.forWei, 0)} for · ${nvy(tally.againstWei, 0)} against${tally.abstainWei > 0n ? ` · ${nvy(tally.abstainWei, 0)} abstain` : ""}`}
      </div>
    </div>
  );
}

/** How far the quorum is, at the proposal's own snapshot. */
export function Quorum({ tally, quorumWei, isShort = false }: { tally: Tally; quorumWei: bigint | undefined; isShort?: boolean }): ReactElement {
  if (quorumWei === undefined) return <span className="text-ink-3">Quorum: known once the snapshot is over</span>;
  const counted = countedWei(tally);
  const isReached = counted >= quorumWei;
  const percent = quorumWei === 0n ? 100 : Math.min(100, widthOf(counted, quorumWei));
  return (
    <div>
      <div className={isShort ? "text-[0.9rem] text-ink-2" : "flex flex-wrap justify-between gap-x-2"}>
        <span className={isShort ? "" : "font-medium"}>{isReached ? "Quorum reached" : "Quorum"}</span>{" "}
        <span>
          {isShort ? `${Math.floor(percent)} %` : <><Amount wei={counted} decimals={0} unit="" /> of <Amount wei={quorumWei} decimals={0} unit="" /></>}
        </span>
      </div>
      {!isShort && (
        <div className="mt-0.5 h-2 overflow-hidden rounded bg-raised" role="progressbar" aria-label="Quorum" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.floor(percent)}>
          <div className={`h-2 ${isReached ? "bg-good" : "bg-accent"}`} style={{ width: `${percent}%` }} />
        </div>
      )}
    </div>
  );
}

export function FigureText({ figure }: { figure: Figure }): ReactElement {
  if ("wei" in figure) return <Amount wei={figure.wei} decimals={figure.wei !== 0n && figure.wei < 10n ** 18n ? 4 : 2} />;
  if ("bps" in figure) return <>{percentOfBps(figure.bps)}</>;
  return <>{figure.text}</>;
}
