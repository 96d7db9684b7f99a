/** The network as a whole, summed by the index. */
import { useIndex } from ".";

export interface Band {
  p10_wei: string | null;
  median_wei: string | null;
  p90_wei: string | null;
}

/** Seconds from assignment to reveal of the newest settled jobs. */
export interface Latency {
  latency_s: number | null;
  latency_p90_s: number | null;
  latency_jobs: number;
}

export interface Overview extends Latency {
  providers: number;
  jobs: number;
  jobs_live: number;
  jobs_settled: number;
  /** The last 24 hours, rolling. */
  day: { jobs_settled: number; paid_wei: string } & Band;
  time_s: number;
}

export interface ModelRow extends Band, Latency {
  model_id: string;
  jobs: number;
  jobs_settled: number;
  last_at_s: number;
  providers: number;
}

export interface DayRow extends Band {
  day_s: number;
  jobs_posted: number;
  jobs_settled: number;
  paid_wei: string;
}

export const useOverview = () => useIndex<Overview>("/api/overview");
export const useModels = () => useIndex<{ items: ModelRow[] }>("/api/models");
export const useDays = (days = 30, modelId?: string) => useIndex<{ items: DayRow[] }>("/api/days", { days, model_id: modelId });
