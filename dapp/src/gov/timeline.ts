/**
 * When a proposal is voted on and can take effect, as dates; and the path of a long change.
 *
 * Pure twin of governance.timeline: OpenZeppelin's Governor with a clock that ticks once a day. Votes
 * count as they stand at the end of the snapshot's tick, voting begins with the next tick and ends
 * with the end of the deadline's tick. Times are unix seconds.
 */
import { COOLDOWN_S, type Parameter, stepOf } from "./params.ts";

export const TICK_S = 86_400;
export const EPOCH_S = 604_800;
const STEPS_MAX = 64;

/** Delays of a governor as they apply now, seconds; the first two are whole ticks. */
export interface GovernorTimes {
  delayS: number;
  periodS: number;
  timelockS: number;
}

export interface Timeline {
  /** The tick whose end counts votes. */
  snapshotS: number;
  votesFromS: number;
  /** First second in which no vote is taken any more; it can be queued from then. */
  votesUntilS: number;
  /** First second in which it can be executed, if it is queued at once. */
  executableS: number;
}

/** One of the proposals that a long change needs. */
export interface PathStep {
  value: bigint;
  proposeS: number;
  executeS: number;
  appliesS: number;
}

export const clockAt = (timeS: number): number => timeS - (timeS % TICK_S);

/** When a change that is executed at a time applies. */
export const nextEpochS = (timeS: number): number => (Math.floor(timeS / EPOCH_S) + 1) * EPOCH_S;

export function timelineOf(snapshotS: number, deadlineS: number, timelockS: number, etaS = 0): Timeline {
  const votesUntilS = deadlineS + TICK_S;
  return { snapshotS, votesFromS: snapshotS + TICK_S, votesUntilS, executableS: etaS || votesUntilS + timelockS };
}

export function ifProposed(nowS: number, times: GovernorTimes): Timeline {
  const snapshotS = clockAt(nowS) + times.delayS;
  return timelineOf(snapshotS, snapshotS + times.periodS, times.timelockS);
}

/** The fastest proposals from a value to another, one largest step each; a proposal runs while the parameter still rests. */
export function pathTo(parameter: Parameter, from: bigint, value: bigint, at: { nowS: number; readyAtS: number; times: GovernorTimes }): PathStep[] {
  const leadS = ifProposed(at.nowS, at.times).executableS - clockAt(at.nowS);
  const steps: PathStep[] = [];
  const step = stepOf(parameter);
  let current = from;
  let earliestS = at.readyAtS;
  while (current !== value && steps.length < STEPS_MAX) {
    const left = value > current ? value - current : current - value;
    const distance = left < step ? left : step;
    current += value > current ? distance : -distance;
    const proposeS = Math.max(at.nowS, clockAt(earliestS) - leadS);
    const executeS = Math.max(earliestS, ifProposed(proposeS, at.times).executableS);
    steps.push({ value: current, proposeS, executeS, appliesS: nextEpochS(executeS) });
    earliestS = executeS + COOLDOWN_S[parameter.class];
  }
  return steps;
}
