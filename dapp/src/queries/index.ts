/** Facts from the market's index. History comes from here; what is about to be signed comes from the chain. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { ApiError, ask, query } from "../lib/api";
import type { AuditRow, BalanceRow, DelegationRow, DisputeRow, EventRow, Health, JobRow, Page, ParameterRow, PriceRow, PriceSummary, ProposalRow, ProviderRow, RewardRow, StandingOffer, VestingRow, VoteRow } from "./rows";
import { indexKey } from "./client";
import { type Params, useList } from "./list";

export { rowsOf, useList } from "./list";

/** One answer of the index. */
export function useIndex<T>(path: string, params: Params = {}, enabled = true): UseQueryResult<T> {
  return useQuery({
    queryKey: indexKey(path, params),
    queryFn: ({ signal }) => ask<T>(path + query(params), { signal }),
    enabled,
  });
}

const ALL_ROWS_PAGE = 200;
const ALL_PAGES_MAX = 50;

/**
 * Every row of a list, for sums.
 *
 * @throws ApiError when there are more than 10,000: a sum over a part would look like the whole.
 */
export async function askAll<T>(path: string, params: Params, signal: AbortSignal): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < ALL_PAGES_MAX; pages += 1) {
    const page: Page<T> = await ask<Page<T>>(path + query({ ...params, limit: ALL_ROWS_PAGE, cursor }), { signal });
    rows.push(...page.items);
    if (page.next === null) return rows;
    cursor = page.next;
  }
  throw new ApiError("There are more rows than a page adds up.", { code: "dapp.too_many", hint: "Ask the service for the list itself.", status: 422 });
}

export const useHealth = () => useIndex<Health>("/v1/health");
export const useJobs = (params: Params, limit?: number) => useList<JobRow>("/v1/jobs", "job_id", params, { limit });
export const useJob = (id: string) => useIndex<JobRow>(`/v1/jobs/${id}`);
export const useEvents = (params: Params, limit?: number, enabled = true) => useList<EventRow>("/v1/events", "born", params, { limit, enabled });
export const useProviders = (limit = 200) => useList<ProviderRow>("/v1/providers", "provider", {}, { limit });
export const useProvider = (address: string, enabled = true) => useIndex<ProviderRow>(`/v1/providers/${address}`, {}, enabled);
export const usePrices = (params: Params, limit?: number) => useList<PriceRow>("/v1/prices", "born", params, { limit });
export const usePriceSummary = (modelId: string) => useIndex<PriceSummary>(`/v1/prices/${modelId}`);
export const useMoney = (party: string | undefined) => useIndex<BalanceRow>(`/v1/money/${party}`, {}, party !== undefined);
export const useStanding = () => useIndex<{ offers: StandingOffer[] }>("/v1/offers/standing");
export const useAudits = (params: Params, enabled = true) => useList<AuditRow>("/v1/audits", "audit_id", params, { enabled });
export const useDisputes = (params: Params = {}, enabled = true) => useList<DisputeRow>("/v1/disputes", "dispute_id", params, { enabled });
export const useRewards = (params: Params, enabled = true) => useList<RewardRow>("/v1/rewards", "reward_id", params, { enabled, limit: 200 });
export const useVestingRow = (account: string | undefined) => useIndex<VestingRow>(`/v1/vesting/${account}`, {}, account !== undefined);
export const useProposals = () => useList<ProposalRow>("/v1/governance/proposals", "proposal_id");
export const useProposal = (id: string) => useIndex<ProposalRow>(`/v1/governance/proposals/${id}`);
export const useVotes = (params: Params, enabled = true) => useList<VoteRow>("/v1/governance/votes", "vote_id", params, { enabled, limit: 200 });
export const useDelegations = (to: string) => useList<DelegationRow>("/v1/governance/delegations", "delegator", { to }, { limit: 200 });
export const useParameters = () => useList<ParameterRow>("/v1/governance/parameters", "name", {}, { limit: 200 });
