/** Rows as the index answers them. Amounts are decimal text of wei, times unix seconds of the chain. */

export interface Page<T> {
  items: T[];
  next: string | null;
}

interface Times {
  born: number | string;
  changed: number | string;
  born_at_s: number;
  changed_at_s: number;
}

export interface Health {
  status: "ok" | "failing";
  block: number | null;
  chain_id: number;
  market: string;
  error: string | null;
}

export interface JobRow extends Times {
  job_id: string;
  client: string;
  provider: string;
  state: string;
  model_id: string;
  job_class: number;
  batch: number;
  max_price_wei: string;
  price_wei: string;
  lock_wei: string;
  paid_wei: string;
  refunded_wei: string;
  deadline_s: number;
  is_audited: boolean;
  /** As in docs/spec/job.md, JSON form. */
  spec: Record<string, unknown> | null;
}

export interface EventRow {
  born: number | string;
  block_number: number;
  log_index: number;
  block_hash: string;
  tx_hash: string;
  /** Unix seconds of the block. */
  time_s: number;
  address: string;
  name: string;
  subject: string;
  data: unknown;
}

export interface ProviderRow extends Times {
  provider: string;
  operator: string;
  endpoint: string;
  commission_bps: number;
  jobs_taken: number;
  jobs_settled: number;
  jobs_failed: number;
  /** Deadlines that passed. */
  jobs_missed: number;
  slashes: number;
}

/** What a channel reserves for one payee. */
export interface ChannelRow extends Times {
  side_id: string;
  channel_id: string;
  client: string;
  payee: string;
  allotment_wei: string;
  redeemed_wei: string;
  /** Of what was redeemed, what was paid. */
  settled_wei: string;
  due_at_s: number;
  is_closed: boolean;
  /** Whether nothing is left. */
  is_spent: boolean;
  window_s: number;
  /** Its end; 0 where no notice was given. */
  closes_at_s: number;
}

export interface PriceRow {
  born: number | string;
  block_number: number;
  time_s: number;
  job_id: string;
  model_id: string;
  provider: string;
  batch: number;
  price_wei: string;
}

export interface PriceSummary {
  model_id: string;
  jobs: number;
  lowest_wei: string;
  median_wei: string;
  highest_wei: string;
}

export interface AuditRow extends Times {
  audit_id: string;
  job_id: string;
  slot: number;
  round: number;
  auditor: string;
  outcome: number;
  is_late: boolean;
  paid_wei: string;
}

export interface DisputeRow extends Times {
  dispute_id: string;
  job_id: string;
  challenger: string;
  provider: string;
  kind: number;
  phase: number;
  verdict: number;
  level: number;
  bond_wei: string;
  deadline_s: number;
}

export interface VestingRow extends Times {
  account: string;
  deposited_wei: string;
  released_wei: string;
  exited_wei: string;
  slashed_wei: string;
  income_wei: string;
}

export interface RewardRow extends Times {
  reward_id: string;
  provider: string;
  epoch: number;
  fees_wei: string;
  burned_wei: string;
  fees_vested_wei: string;
  fees_liquid_wei: string;
  work_wei: string;
  avail_wei: string;
  emission_liquid_wei: string;
  emission_vested_wei: string;
}

export interface ProposalRow extends Times {
  proposal_id: string;
  governor: string;
  proposer: string;
  description: string;
  vote_start_s: number;
  vote_end_s: number;
  eta_s: number;
  for_wei: string;
  against_wei: string;
  abstain_wei: string;
  ended_in: string;
}

export interface VoteRow extends Times {
  vote_id: string;
  proposal_id: string;
  voter: string;
  support: number;
  weight_wei: string;
  reason: string;
}

export interface DelegationRow extends Times {
  delegator: string;
  delegate: string;
}

export interface ParameterRow extends Times {
  name: string;
  before: string;
  value: string;
  since_epoch: number;
}

export interface BalanceRow extends Times {
  party: string;
  free_wei: string;
  escrow_wei: string;
  earned_wei: string;
  fees_wei: string;
  harvested_wei: string;
  own_wei: string;
  locked_wei: string;
  unbonding_wei: string;
  market: Record<string, string>;
}

/** A provider's signed price list; see docs/spec/offers.md. */
export interface StandingOffer {
  offer: {
    provider: string;
    endpoint: string;
    seq: number;
    issued_s: number;
    expires_s: number;
    base_price_wei: string;
    devices: { device: string; per_second_wei: string; per_unit_wei: string }[];
    held: { model_id: string; load_ms: number | null }[];
    job_classes: string[];
    slots: number;
    occupied: number;
    max_runtime_s: number;
    memory_bytes: number;
    lock_multiple: number;
    min_lock_wei: string;
  };
  signature: string;
}
