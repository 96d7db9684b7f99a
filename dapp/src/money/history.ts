/**
 * What an event of the index means for one account: in words, with the amount and who else took part.
 *
 * Place: under the account's history and its CSV. Amounts are wei. A sum that only moves between the
 * account's own places is "moved": neither earned nor spent. Never: an amount the event does not hold.
 */

/** As `GET /api/accounts/{address}/events` answers. */
export interface HistoryRow {
  born: number | string;
  block_number: number;
  log_index: number;
  tx_hash: string;
  address: string;
  name: string;
  subject: string;
  /** Unix seconds of the block. */
  time_s: number;
  data: unknown;
  /** Sides of the job that it is about; null where it is about none. */
  client: string | null;
  provider: string | null;
}

export type Direction = "in" | "out" | "moved";

export interface Meaning {
  words: string;
  amountWei?: bigint;
  direction?: Direction;
  counterparty?: string;
  /** The job that it is about. */
  jobId?: string;
}

interface Rule {
  words: string;
  amount?: readonly string[];
  direction?: Direction;
  other?: string;
}

/** Events with one meaning whoever looks; the amount is the sum of its fields. */
const RULES: Readonly<Record<string, Rule>> = {
  Deposited: { words: "Paid into the market's free balance", amount: ["amount_wei"], direction: "moved" },
  Withdrawn: { words: "Taken from the market's free balance", amount: ["amount_wei"], direction: "moved" },
  JobPosted: { words: "Job listed, the most it may cost is held", amount: ["max_price_wei"], direction: "moved" },
  JobCancelled: { words: "Job withdrawn or handed back, its escrow returned", amount: ["refund_wei"], direction: "moved" },
  JobExpired: { words: "Job ended by a deadline, its escrow returned to the client", amount: ["refund_wei"], direction: "moved" },
  JobInvalid: { words: "Job void, its escrow returned to the client", amount: ["refund_wei"], direction: "moved" },
  SlashShareCredited: { words: "A share of a slash, for a job that was not done", amount: ["amount_wei"], direction: "in" },
  Staked: { words: "Staked", amount: ["amount_wei"], direction: "moved" },
  StakeLocked: { words: "Stake locked behind work", amount: ["amount_wei"], direction: "moved" },
  StakeUnlocked: { words: "Stake free again", amount: ["amount_wei"], direction: "moved" },
  UnbondingRequested: { words: "Stake on its way out", amount: ["amount_wei"], direction: "moved" },
  UnbondingWithdrawn: { words: "Stake taken home", amount: ["amount_wei"], direction: "moved" },
  Slashed: { words: "Stake lost: a deadline was missed", amount: ["amount_wei"], direction: "out" },
  SlashBooked: { words: "Stake lost by a verdict", amount: ["amount_wei"], direction: "out" },
  LockSlashed: { words: "Part of a lock lost", amount: ["amount_wei"], direction: "out" },
  Delegated: { words: "Put behind a provider", amount: ["amount_wei"], direction: "moved", other: "provider" },
  UndelegationRequested: { words: "Delegation on its way out", amount: ["amount_wei"], direction: "moved", other: "provider" },
  UndelegationWithdrawn: { words: "Delegation taken home", amount: ["amount_wei"], direction: "moved", other: "provider" },
  DelegatedEmissionClaimed: { words: "Reward of a delegation", amount: ["liquid_wei", "vested_wei"], direction: "in", other: "provider" },
  FeesSplit: { words: "Fees split: to burn, treasury, insurance and audits", amount: ["burned_wei", "to_treasury_wei", "to_insurance_wei", "to_audits_wei"], direction: "out" },
  FeesHarvested: { words: "Fees harvested", amount: ["liquid_wei", "vested_wei"], direction: "moved" },
  Harvested: { words: "Earnings harvested from the market", amount: ["amount_wei"], direction: "moved" },
  EmissionClaimed: { words: "Emission claimed", amount: ["liquid_wei", "vested_wei"], direction: "in" },
  VestingDeposited: { words: "Began to vest", amount: ["amount_wei"], direction: "moved" },
  Released: { words: "Vested reward released", amount: ["amount_wei"], direction: "moved" },
  ExitRequested: { words: "Early exit announced", amount: ["amount_wei"], direction: "moved" },
  ExitExecuted: { words: "Left vesting early: the penalty", amount: ["penalty_wei"], direction: "out" },
  VestingSlashed: { words: "Vesting lost by a verdict", amount: ["amount_wei"], direction: "out" },
  IncomeCredited: { words: "A part of others' exit penalties", amount: ["amount_wei"], direction: "in" },
  ProviderRegistered: { words: "Registered as a provider" },
  OperatorChanged: { words: "Another operator key" },
  EndpointChanged: { words: "Announced where its node answers" },
  CommissionChanged: { words: "Commission changed" },
  SeatsTaken: { words: "Took seats as an auditor" },
  SeatsLeft: { words: "Left seats as an auditor" },
  JobCommitted: { words: "Provider committed to a result" },
  JobRevealed: { words: "Result revealed" },
  JobConfirmed: { words: "Client confirmed the result" },
  CanaryTaken: { words: "Took a canary, a test of the protocol" },
  CanaryPassed: { words: "Passed a canary" },
  CanaryFailed: { words: "Failed a canary" },
  EmissionRegistered: { words: "Entered an epoch's emission" },
  ChannelOpened: { words: "Channel opened for many small payments" },
  PayeeAllotted: { words: "Put into a channel for a provider", amount: ["amount_wei"], direction: "moved", other: "payee" },
  CloseRequested: { words: "Notice given for a channel" },
  RedemptionSettled: { words: "Pay of a channel settled", amount: ["amount_wei"], direction: "moved" },
  SideClosed: { words: "Channel closed by its provider, the rest returned", amount: ["returned_wei"], direction: "moved", other: "payee" },
  ReserveReturned: { words: "Rest of a channel returned", amount: ["returned_wei"], direction: "moved", other: "payee" },
  DelegateChanged: { words: "Votes given to another" },
};

const sums = (data: Record<string, unknown>, names: readonly string[]): bigint | undefined => {
  const found = names.map((name) => data[name]).filter((value) => typeof value === "number" || typeof value === "string");
  return found.length === names.length && found.every((value) => /^[0-9]+$/.test(String(value))) ? found.reduce<bigint>((sum, value) => sum + BigInt(String(value)), 0n) : undefined;
};

const same = (a: unknown, b: string): boolean => typeof a === "string" && a.toLowerCase() === b.toLowerCase();

/** `JobSettled` as words: "job settled". */
const spaced = (name: string): string => {
  const text = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/**
 * What an event means for `account`.
 *
 * @param hasEconomy with it jobs are paid through the fee router, and what is harvested from the
 * market itself is pay for audits and judging, which nothing counted before.
 */
export function meaningOf(row: Pick<HistoryRow, "name" | "data" | "client" | "provider">, account: string, hasEconomy: boolean): Meaning {
  const data = (row.data ?? {}) as Record<string, unknown>;
  const jobId = typeof data.job_id === "string" ? { jobId: data.job_id } : {};
  const other = same(row.provider, account) ? row.client : row.provider;
  const withOther = typeof other === "string" && other !== "" && !same(other, account) ? { counterparty: other } : {};
  if (row.name === "JobSettled") {
    const mine = same(data.provider, account);
    return { words: mine ? "Paid for a job" : "Job settled, its provider paid", amountWei: sums(data, ["paid_wei"]), direction: mine ? "in" : "out", ...withOther, ...jobId };
  }
  if (row.name === "JobAssigned") {
    const mine = same(data.provider, account);
    return { words: mine ? "Took a job" : "A provider took the job; the price is held", ...(mine ? {} : { amountWei: sums(data, ["price_wei"]), direction: "moved" as const }), ...withOther, ...jobId };
  }
  if (row.name === "Transfer") {
    // Why tokens were sent is not on the chain: neither earned nor spent.
    const mine = same(data.from, account);
    return { words: mine ? "Sent" : "Received", amountWei: sums(data, ["value_wei"]), counterparty: String(mine ? data.to : data.from) };
  }
  if (row.name === "VoucherRedeemed") {
    const mine = same(data.payee, account);
    return { words: mine ? "Paid through a channel" : "A provider redeemed a voucher", amountWei: sums(data, ["amount_wei"]), direction: mine ? "in" : "out", ...(mine ? {} : { counterparty: String(data.payee) }) };
  }
  if (row.name === "Harvested" && hasEconomy) return { words: "Pay for audits and judging", amountWei: sums(data, ["amount_wei"]), direction: "in" };
  const rule = RULES[row.name];
  if (rule === undefined) return { words: spaced(row.name), ...jobId };
  // What happened to the other side's stake or money is shown without an amount of one's own.
  const ofProvider = ["Slashed", "SlashBooked", "StakeLocked", "StakeUnlocked"].includes(row.name) && !same(data.provider, account);
  const ofClient = ["JobPosted", "JobCancelled", "JobExpired", "JobInvalid"].includes(row.name) && !same(row.client, account);
  const isOthers = ofProvider || ofClient;
  const named = rule.other === undefined ? undefined : data[rule.other];
  return {
    words: ofProvider ? `${rule.words} (of the provider)` : ofClient ? `${rule.words} (of the client)` : rule.words,
    ...(rule.amount === undefined || isOthers ? {} : { amountWei: sums(data, rule.amount), direction: rule.direction }),
    ...(typeof named === "string" && !same(named, account) ? { counterparty: named } : withOther),
    ...jobId,
  };
}

export const DIRECTION_WORDS: Readonly<Record<Direction, string>> = { in: "earned", out: "spent", moved: "moved" };
