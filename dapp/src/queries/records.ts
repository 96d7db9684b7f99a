/** What the service sums of single providers, of an account's spending, and of the economy's weeks. */
import { useIndex } from ".";

export interface Delegator {
  delegator: string;
  staked_wei: string;
  /** What of it unbonds. */
  leaving_wei: string;
}

/** Jobs that ended in a week of the economy, by whether the provider kept its deadlines. */
export interface KeptWeek {
  week_s: number;
  kept: number;
  missed: number;
}

export interface ProviderRecord {
  weeks: KeptWeek[];
  /** Canaries passed of those drawn, as the contracts counted them last. */
  score: { epoch: number; score_bps: number } | null;
}

export interface Spending {
  day_wei: string;
  week_wei: string;
  live_jobs: number;
  open_channels: number;
  time_s: number;
}

export interface WeekRow {
  epoch: number;
  start_s: number;
  emission_wei: string;
  work_wei: string;
  avail_wei: string;
  fees_wei: string;
  burned_wei: string;
}

export interface Weeks {
  items: WeekRow[];
  /** Of all time. */
  emission_wei: string;
  /** Null while the books do not balance. */
  burned_wei: string | null;
}

export const useDelegators = (provider: string, enabled: boolean) => useIndex<{ items: Delegator[] }>(`/api/providers/${provider}/delegators`, {}, enabled);
export const useRecord = (provider: string) => useIndex<ProviderRecord>(`/api/providers/${provider}/record`);
export const useSpending = (account: string) => useIndex<Spending>(`/api/accounts/${account}/spending`);
export const useWeeks = (enabled: boolean) => useIndex<Weeks>("/api/weeks", {}, enabled);
