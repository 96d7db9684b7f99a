/**
 * What changed parameters do in one worked case each: a job of 1 NVY, a slash of 100 NVY, an exit, a week of emission.
 *
 * Pure; every line is the contracts' own integer arithmetic (FeeRouter, AuditOdds, VestingVault,
 * EmissionController) on given values, before and after. Amounts are wei, rounded as the contracts
 * round. Never: a forecast. What people do in answer to a change is for the simulator.
 */
import type { Values } from "./params.ts";
import { formatTime } from "./values.ts";

const BPS = 10_000n;
const NVY = 10n ** 18n;
const WAD = 10n ** 18n;
const WEEKS = 26n;

/** What the worked cases take from the chain, wei; a case without its fact is left out. */
export interface Facts {
  reserveWei?: bigint;
  totalVotesWei?: bigint;
  insuranceWei?: bigint;
  treasuryWei?: bigint;
}

export type Figure = { wei: bigint } | { bps: bigint } | { text: string };

export interface Line {
  label: string;
  of: (values: Values) => Figure;
}

export interface Case {
  title: string;
  /** What is assumed. */
  given: string;
  keys: readonly string[];
  lines: readonly Line[];
}

export interface Shown {
  title: string;
  given: string;
  lines: { label: string; before: Figure; after: Figure; isSame: boolean }[];
}

const bpsDown = (wei: bigint, bps: bigint): bigint => (wei * bps) / BPS;
const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const of = (values: Values, key: string): bigint => {
  const value = values[key];
  if (value === undefined) throw new Error(`no value of ${key}`);
  return value;
};

/** The split of a fee, wei; the parts sum to it. Mirrors FeeRouter: every part rounds down, insurance takes the dust. */
export function feeSplit(feeWei: bigint, v: Values, hasAudits: boolean) {
  const taken = of(v, "burnBps") + of(v, "treasuryBps") + of(v, "insuranceBps") + of(v, "auditBps") + of(v, "vestBps");
  const burned = bpsDown(feeWei, of(v, "burnBps"));
  const treasury = bpsDown(feeWei, of(v, "treasuryBps"));
  const audits = hasAudits ? bpsDown(feeWei, of(v, "auditBps")) : 0n;
  const vested = bpsDown(feeWei, of(v, "vestBps"));
  const liquid = bpsDown(feeWei, BPS - taken);
  return { burned, treasury, insurance: feeWei - burned - treasury - audits - vested - liquid, audits, vested, liquid };
}

/** Chance of an audit that a risk calls for, bps, rounded up; over 10,000 no audit suffices and the job is refused. Mirrors AuditOdds. */
export function auditBps(riskWei: bigint, lockWei: bigint, v: Values): bigint {
  const needed = ceilDiv(riskWei * BPS * BPS, (lockWei + riskWei) * of(v, "detectBps"));
  const least = of(v, "auditMinBps");
  return needed < least ? least : needed;
}

/** Penalty of leaving with an amount that began to vest now, wei, and where it goes. Mirrors VestingVault. */
export function exitSplit(amountWei: bigint, v: Values) {
  const base = of(v, "exitBaseBps") * WEEKS;
  const slope = of(v, "exitSlopeBps") * of(v, "vestEpochs");
  const penalty = ceilDiv(amountWei * (base + slope), BPS * WEEKS);
  const holders = bpsDown(penalty, of(v, "holderBps"));
  const burned = bpsDown(penalty, of(v, "penaltyBurnBps"));
  return { penalty, kept: amountWei - penalty, holders, burned, insurance: penalty - holders - burned };
}

/** The split of a slash after a verdict, without what is capped by the price. */
function slashSplit(takenWei: bigint, v: Values) {
  const [burned, finder, judges, client] = ["slashBurnBps", "slashFinderBps", "slashRefereeBps", "slashClientBps"].map((key) => bpsDown(takenWei, of(v, key))) as [bigint, bigint, bigint, bigint];
  return { burned, finder, judges, client, insurance: takenWei - burned - finder - judges - client };
}

/** What a proposal needs under a governor's settings, wei; rounded up, with the floor. */
const quorumWei = (totalWei: bigint, bps: bigint, floorWei: bigint): bigint => {
  const part = ceilDiv(totalWei * bps, BPS);
  return part > floorWei ? part : floorWei;
};

const wei = (label: string, amount: (v: Values) => bigint): Line => ({ label, of: (v) => ({ wei: amount(v) }) });
const bps = (label: string, part: (v: Values) => bigint): Line => ({ label, of: (v) => ({ bps: part(v) }) });
const text = (label: string, said: (v: Values) => string): Line => ({ label, of: (v) => ({ text: said(v) }) });

const FEE_KEYS = ["burnBps", "treasuryBps", "insuranceBps", "auditBps", "vestBps"];

function casesOf(facts: Facts, hasAudits: boolean): Case[] {
  const lock = (v: Values): bigint => NVY * of(v, "lockMinMultiple");
  const { reserveWei, totalVotesWei, insuranceWei, treasuryWei } = facts;
  const cases: (Case | undefined)[] = [
    {
      title: "A job of 1 NVY, paid",
      given: "Where its price goes.",
      keys: FEE_KEYS,
      lines: [
        wei("The provider gets at once", (v) => feeSplit(NVY, v, hasAudits).liquid),
        wei("The provider gets while it vests", (v) => feeSplit(NVY, v, hasAudits).vested),
        wei("Burned", (v) => feeSplit(NVY, v, hasAudits).burned),
        wei("Treasury", (v) => feeSplit(NVY, v, hasAudits).treasury),
        wei("Insurance fund", (v) => feeSplit(NVY, v, hasAudits).insurance),
        wei("Audit pool", (v) => feeSplit(NVY, v, hasAudits).audits),
      ],
    },
    {
      title: "A job of 1 NVY, hired",
      given: "With the smallest lock and no declared gain.",
      keys: ["lockMinMultiple", "noShowBps", "detectBps", "auditMinBps", "reAuditBps"],
      lines: [
        wei("The provider locks at least", lock),
        wei("It loses if it commits to nothing in time", (v) => bpsDown(lock(v), of(v, "noShowBps"))),
        bps("Chance of an audit, for a provider with a long record", (v) => auditBps(NVY, lock(v), v)),
        bps("Chance that a passed audit is audited again", (v) => of(v, "reAuditBps")),
      ],
    },
    {
      title: "A provider that just may work",
      given: "With the least own stake.",
      keys: ["minSelfStakeWei", "delegationMultiple"],
      lines: [
        wei("Own stake", (v) => of(v, "minSelfStakeWei")),
        wei("Stake of others that counts, at most", (v) => of(v, "minSelfStakeWei") * of(v, "delegationMultiple")),
      ],
    },
    {
      title: "A provider that was proven wrong",
      given: "10,000 NVY of own stake, 1,000 NVY that vest; its whole lock goes besides.",
      keys: ["stakeSlashBps", "vestSlashBps", "forgerySlashBps"],
      lines: [
        wei("Taken of its stake, wrong result", (v) => bpsDown(10_000n * NVY, of(v, "stakeSlashBps"))),
        wei("Taken of what vests, wrong result", (v) => bpsDown(1_000n * NVY, of(v, "vestSlashBps"))),
        wei("Taken of its stake, forged numbers", (v) => bpsDown(10_000n * NVY, of(v, "forgerySlashBps"))),
      ],
    },
    {
      title: "A slash of 100 NVY, split",
      given: "After a verdict, before the caps that the job's price sets.",
      keys: ["slashBurnBps", "slashFinderBps", "slashRefereeBps", "slashClientBps"],
      lines: [
        wei("Burned", (v) => slashSplit(100n * NVY, v).burned),
        wei("Who found it", (v) => slashSplit(100n * NVY, v).finder),
        wei("Referees and other auditors", (v) => slashSplit(100n * NVY, v).judges),
        wei("The client", (v) => slashSplit(100n * NVY, v).client),
        wei("Insurance fund", (v) => slashSplit(100n * NVY, v).insurance),
      ],
    },
    { title: "Stake that is asked back", given: "Requests made afterwards; one under way keeps its date.", keys: ["unbondingS"], lines: [text("Free after", (v) => formatTime(of(v, "unbondingS")))] },
    {
      title: "1,000 NVY that begin to vest",
      given: "Then taken out early, at once.",
      keys: ["vestEpochs", "exitBaseBps", "exitSlopeBps", "holderBps", "penaltyBurnBps"],
      lines: [
        wei("Free a week, if left alone", (v) => (1_000n * NVY) / of(v, "vestEpochs")),
        wei("You keep", (v) => exitSplit(1_000n * NVY, v).kept),
        wei("Penalty", (v) => exitSplit(1_000n * NVY, v).penalty),
        wei("of it, for those who stay", (v) => exitSplit(1_000n * NVY, v).holders),
        wei("of it, burned", (v) => exitSplit(1_000n * NVY, v).burned),
        wei("of it, insurance", (v) => exitSplit(1_000n * NVY, v).insurance),
      ],
    },
    reserveWei === undefined
      ? undefined
      : {
          title: "Emission of one week",
          given: "Of the reserve as it is now; what work does not earn stays in it.",
          keys: ["rhoWad", "emissionLiquidBps"],
          lines: [
            wei("At most", (v) => (reserveWei * of(v, "rhoWad")) / WAD),
            wei("of it, paid at once", (v) => bpsDown((reserveWei * of(v, "rhoWad")) / WAD, of(v, "emissionLiquidBps"))),
          ],
        },
    insuranceWei === undefined
      ? undefined
      : {
          title: "Insurance fund",
          given: "As full as it is now.",
          keys: ["insurancePerEventBps", "insurancePerEpochBps"],
          lines: [wei("One payment, at most", (v) => bpsDown(insuranceWei, of(v, "insurancePerEventBps"))), wei("A week's payments, at most", (v) => bpsDown(insuranceWei, of(v, "insurancePerEpochBps")))],
        },
    treasuryWei === undefined
      ? undefined
      : {
          title: "Treasury, in 30 days",
          given: "As full as it is now.",
          keys: ["treasuryStandardBps", "treasuryConstitutionalBps"],
          lines: [wei("Standard votes may spend", (v) => bpsDown(treasuryWei, of(v, "treasuryStandardBps"))), wei("Constitutional votes may spend", (v) => bpsDown(treasuryWei, of(v, "treasuryConstitutionalBps")))],
        },
    { title: "Canaries of one week", given: "If every one of them is drawn.", keys: ["canariesPerEpoch", "canaryPriceWei"], lines: [wei("They cost at most", (v) => of(v, "canariesPerEpoch") * of(v, "canaryPriceWei"))] },
    governorCase("standard", "Standard", totalVotesWei, 5_000_000n * NVY),
    governorCase("constitutional", "Constitutional", totalVotesWei, 10_000_000n * NVY),
  ];
  return cases.filter((one) => one !== undefined);
}

function governorCase(word: string, name: string, totalVotesWei: bigint | undefined, floorWei: bigint): Case {
  const key = (setting: string): string => `${word}${setting}`;
  const shared = [
    text("From a proposal to its snapshot", (v) => formatTime(of(v, key("DelayS")))),
    text("Voting lasts", (v) => formatTime(of(v, key("PeriodS")))),
    text("Waits afterwards", (v) => formatTime(of(v, key("TimelockS")))),
  ];
  const counted =
    totalVotesWei === undefined
      ? []
      : [wei("Votes to propose", (v) => ceilDiv(totalVotesWei * of(v, key("ThresholdBps")), BPS)), wei("Quorum", (v) => quorumWei(totalVotesWei, of(v, key("QuorumBps")), floorWei))];
  const majority = word === "constitutional" ? [bps("Majority", (v) => of(v, "constitutionalMajorityBps"))] : [];
  return {
    title: `A later proposal of the ${name} governor`,
    given: "Running votes keep their terms; votes counted as of yesterday.",
    keys: [...["ThresholdBps", "DelayS", "PeriodS", "QuorumBps", "TimelockS"].map(key), ...(word === "constitutional" ? ["constitutionalMajorityBps"] : [])],
    lines: [...counted, ...majority, ...shared],
  };
}

const sameFigure = (a: Figure, b: Figure): boolean => JSON.stringify(a, plainBigint) === JSON.stringify(b, plainBigint);
const plainBigint = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);

/**
 * The worked cases that a change moves.
 *
 * @param before values of all parameters by key. @param change the new ones, by key.
 */
export function effectsOf(before: Values, change: Values, facts: Facts, hasAudits: boolean): Shown[] {
  const after = { ...before, ...change };
  return casesOf(facts, hasAudits)
    .filter(({ keys }) => keys.some((key) => change[key] !== undefined && change[key] !== before[key]))
    .map(({ title, given, lines }) => ({
      title,
      given,
      lines: lines.map((line) => {
        const [a, b] = [line.of(before), line.of(after)];
        return { label: line.label, before: a, after: b, isSame: sameFigure(a, b) };
      }),
    }));
}

/** Keys of a change that no worked case shows. */
export const withoutCase = (keys: readonly string[]): string[] => {
  const shown = new Set(casesOf({ reserveWei: 0n, totalVotesWei: 0n, insuranceWei: 0n, treasuryWei: 0n }, true).flatMap((one) => one.keys));
  return keys.filter((key) => !shown.has(key));
};
