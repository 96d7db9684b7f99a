/** A transaction in words: which contract, which function, which events; with all ABIs, so loaded when needed. */
import { type Abi, type AbiEvent, type AbiFunction, type Address, type Hex, decodeEventLog, decodeFunctionData, getAbiItem, toEventSelector } from "viem";
import * as abis from "../generated/abis.ts";
import type { ContractName } from "../lib/config.ts";

/** Whose ABI each contract of a network has. */
const ABI_OF: Readonly<Record<ContractName, Abi>> = {
  token: abis.computeTokenAbi,
  beacon: abis.blockHashBeaconAbi,
  stake_manager: abis.stakeManagerAbi,
  market: abis.jobMarketAbi,
  registry: abis.modelRegistryAbi,
  audit_court: abis.auditCourtAbi,
  dispute_court: abis.disputeCourtAbi,
  params: abis.protocolParamsAbi,
  votes: abis.votingPowerAbi,
  vault: abis.vestingVaultAbi,
  fee_router: abis.feeRouterAbi,
  emission: abis.emissionControllerAbi,
  canaries: abis.canariesAbi,
  insurance_fund: abis.insuranceFundAbi,
  treasury: abis.treasuryAbi,
  channels: abis.paymentChannelsAbi,
  guardian: abis.guardianAbi,
  standard_governor: abis.standardGovernorAbi,
  constitutional_governor: abis.standardGovernorAbi,
  standard_timelock: abis.protocolTimelockAbi,
  constitutional_timelock: abis.protocolTimelockAbi,
  team_grant: abis.grantAbi,
  backers_grant: abis.grantAbi,
  treasury_grant: abis.grantAbi,
};

export type Contracts = Partial<Record<ContractName, Address>>;

export interface Value {
  name: string;
  type: string;
  value: unknown;
}

export interface Decoded {
  contract: ContractName | undefined;
  /** Function or event; undefined where it cannot be read. */
  name: string | undefined;
  values: readonly Value[];
}

export const contractAt = (contracts: Contracts, address: string | null | undefined): ContractName | undefined =>
  address ? (Object.entries(contracts).find(([, known]) => known?.toLowerCase() === address.toLowerCase())?.[0] as ContractName | undefined) : undefined;

/** The call that a transaction makes, as far as this network's contracts tell. */
export function decodeCall(contracts: Contracts, to: Address | null, input: Hex): Decoded {
  const contract = contractAt(contracts, to);
  if (contract === undefined || input.length < 10) return { contract, name: undefined, values: [] };
  try {
    const { functionName, args } = decodeFunctionData({ abi: ABI_OF[contract], data: input });
    const item = getAbiItem({ abi: ABI_OF[contract], name: functionName, args: args as never }) as AbiFunction | undefined;
    return { contract, name: functionName, values: (args ?? []).map((value, index) => ({ name: item?.inputs[index]?.name ?? `argument ${index + 1}`, type: item?.inputs[index]?.type ?? "", value })) };
  } catch {
    return { contract, name: undefined, values: [] };
  }
}

export interface Log {
  address: Address;
  topics: readonly Hex[];
  data: Hex;
}

/** What a contract said, in the order of the event's own fields. */
export function decodeLog(contracts: Contracts, log: Log): Decoded {
  const contract = contractAt(contracts, log.address);
  const [selector] = log.topics;
  if (contract === undefined || selector === undefined) return { contract, name: undefined, values: [] };
  const item = ABI_OF[contract].find((entry): entry is AbiEvent => entry.type === "event" && toEventSelector(entry) === selector);
  if (item === undefined) return { contract, name: undefined, values: [] };
  try {
    const { args } = decodeEventLog({ abi: [item], data: log.data, topics: log.topics as [Hex, ...Hex[]] });
    const named = (args ?? {}) as Record<string, unknown>;
    return { contract, name: item.name, values: item.inputs.map((input) => ({ name: input.name ?? "", type: input.type, value: named[input.name ?? ""] })) };
  } catch {
    return { contract, name: item.name, values: [] };
  }
}
