/** What the service says about its network, read once before anything is shown. No address is compiled in. */
import { type Address, type Chain, defineChain } from "viem";
import { ask } from "./api";

interface Coin {
  name: string;
  symbol: string;
  decimals: number;
}

/** Answer of `GET /api/config`. Paths are null where the service does not have that part. */
export interface Config {
  chain_id: number;
  chain_name: string;
  genesis_hash: string;
  deploy_block: number;
  /** RPC that a wallet can be given; the pages themselves use the service's relay. */
  wallet_rpc_url: string;
  contracts: Partial<Record<ContractName, Address>>;
  token: Coin;
  gas: Coin;
  paths: {
    rest: string;
    stream: string;
    description: string;
    rpc: string;
    faucet: string | null;
    nodes: string | null;
    storage: string | null;
    gateway: string | null;
  };
  flags: { devnet: boolean; faucet: boolean; audits: boolean; economy: boolean; storage: boolean; nodes: boolean; node_steering: boolean };
  limits: { rpc_body_max_bytes: number; rpc_calls_max: number; rpc_log_range_max_blocks: number; upload_max_bytes: number };
  /** What the faucet gives; null without one. */
  grants: { gas_wei: string; amount_wei: string } | null;
  version: string;
  build: string | null;
}

/** Fields of the deployment file. */
export type ContractName =
  | "token"
  | "beacon"
  | "stake_manager"
  | "market"
  | "registry"
  | "audit_court"
  | "dispute_court"
  | "params"
  | "votes"
  | "vault"
  | "fee_router"
  | "emission"
  | "canaries"
  | "insurance_fund"
  | "treasury"
  | "channels"
  | "guardian"
  | "standard_governor"
  | "constitutional_governor"
  | "standard_timelock"
  | "constitutional_timelock"
  | "team_grant"
  | "backers_grant"
  | "treasury_grant";
/** Chains on which a key may live in the page. The demo wallet refuses every other, whatever the service says. */
export const DEVNET_CHAIN_IDS: readonly number[] = [31_337];

export const loadConfig = (): Promise<Config> => ask<Config>("/api/config");

export const isDevnet = (config: Config): boolean => config.flags.devnet && DEVNET_CHAIN_IDS.includes(config.chain_id);

/** The chain as wallets and viem want it; reads go through the service's own origin. */
export function chainOf(config: Config): Chain {
  return defineChain({
    id: config.chain_id,
    name: config.chain_name,
    nativeCurrency: config.gas,
    rpcUrls: { default: { http: [config.wallet_rpc_url] } },
    testnet: isDevnet(config),
  });
}
