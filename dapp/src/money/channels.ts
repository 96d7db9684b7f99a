/** Chats' deposits: what an account has reserved in channels and did not spend, as the index tells it. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import { wei } from "../lib/api";
import { useNetwork } from "../lib/context";
import { askAll } from "../queries";
import { indexKey } from "../queries/client";
import type { ChannelRow } from "../queries/rows";

export interface ChannelSide {
  channelId: string;
  payee: string;
  leftWei: bigint;
  /** Unix seconds of its end; 0 where no notice was given. */
  closesAtS: number;
}

/** Every side with something left: a sum over some of them would look like the whole. */
export function useChannels(account: Address): UseQueryResult<ChannelSide[]> {
  const { contracts } = useNetwork();
  return useQuery({
    queryKey: indexKey("channels", account),
    queryFn: async ({ signal }) => (await askAll<ChannelRow>("/v1/channels", { client: account, is_spent: "false" }, signal)).map(sideOf),
    enabled: contracts.channels !== undefined,
  });
}

const sideOf = (row: ChannelRow): ChannelSide => ({ channelId: row.channel_id, payee: row.payee, leftWei: wei(row.allotment_wei) - wei(row.redeemed_wei), closesAtS: row.closes_at_s });
