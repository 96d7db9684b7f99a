/**
 * What a proposal wants as calls of contracts, and calls read back as words.
 *
 * Pure twin of governance.calls and governance.intentions. Decoding trusts nothing that a proposer wrote:
 * the words of a proposal are made from its calldata alone, and calldata that would not be written the
 * same way again is shown as what it is.
 */
import { type Abi, type Address, type Hex, decodeFunctionData, encodeFunctionData, getAddress, hexToString, stringToHex } from "viem";
import { canariesAbi, guardianAbi, insuranceFundAbi, modelRegistryAbi, protocolParamsAbi, stakeManagerAbi, treasuryAbi } from "../generated/abis.ts";
import type { ContractName } from "../lib/config.ts";
import { parameterOf } from "./params.ts";
import { formatMoney, formatTime, formatValue } from "./values.ts";

export type Fund = "treasury" | "insurance fund";

export type Intention =
  | { kind: "change"; key: string; value: bigint }
  | { kind: "payment"; fund: Fund; to: Address; amountWei: bigint }
  | { kind: "renewal"; holder: Address }
  | { kind: "slash"; slashId: Hex; amountWei: bigint }
  | { kind: "canary"; modelId: Hex; pool: Hex; batch: number; maxRuntimeS: number; isListed: boolean }
  | { kind: "suspension"; modelId: Hex }
  | { kind: "ruling"; modelId: Hex; isUpheld: boolean };

export interface Call {
  target: Address;
  calldata: Hex;
}

/** One call of a proposal, as far as it is understood. */
export interface DecodedCall extends Call {
  /** Name of the contract; empty if it is none of this network. */
  contract: string;
  /** Name of the function; empty if the contract has no such function. */
  functionName: string;
  intention: Intention | undefined;
  /** What it does, as a clause: "set burnBps to 4.5 percent". */
  words: string;
  /** Text that the call carries, such as the reason of a payment. */
  note: string;
}

export type Contracts = Partial<Record<ContractName, Address>>;

const CALLED: readonly (readonly [ContractName, string, Abi])[] = [
  ["params", "ProtocolParams", protocolParamsAbi as Abi],
  ["treasury", "Treasury", treasuryAbi as Abi],
  ["insurance_fund", "InsuranceFund", insuranceFundAbi as Abi],
  ["guardian", "Guardian", guardianAbi as Abi],
  ["stake_manager", "StakeManager", stakeManagerAbi as Abi],
  ["canaries", "Canaries", canariesAbi as Abi],
  ["registry", "ModelRegistry", modelRegistryAbi as Abi],
];

/** The canonical words of one intention, as the command line's grammar reads them. */
export function clauseOf(intention: Intention): string {
  switch (intention.kind) {
    case "change":
      return `set ${intention.key} to ${formatValue(intention.value, parameterOf(intention.key)?.unit ?? "")}`;
    case "payment":
      return `pay ${formatMoney(intention.amountWei)} to ${intention.to} from the ${intention.fund}`;
    case "renewal":
      return `renew the guardian with ${intention.holder}`;
    case "slash":
      return `reduce slash ${intention.slashId} to ${formatMoney(intention.amountWei)}`;
    case "canary":
      return intention.isListed
        ? `list canary model ${intention.modelId} in pool ${poolWords(intention.pool)} with batch ${intention.batch} for ${formatTime(BigInt(intention.maxRuntimeS))}`
        : `unlist canary model ${intention.modelId}`;
    case "suspension":
      return `suspend model ${intention.modelId}`;
    case "ruling":
      return `${intention.isUpheld ? "uphold" : "dismiss"} the challenge of model ${intention.modelId}`;
  }
}

/** A heading: the first clause, and how many follow. */
export function titleOf(intentions: readonly Intention[]): string {
  const first = intentions[0] ? clauseOf(intentions[0]) : "";
  const more = intentions.length - 1;
  return first.charAt(0).toUpperCase() + first.slice(1) + (more > 0 ? `, and ${more} more` : "");
}

/** The text that voters read; the same bytes as the command line writes for the same sentence. */
export function descriptionOf(intentions: readonly Intention[], reason: string): string {
  return [`# ${titleOf(intentions)}`, "", "What it does:", "", ...intentions.map((item) => `- ${clauseOf(item)}`), "", "Why:", "", reason, ""].join("\n");
}

/** The call that does what an intention says; `reason` goes into payments. */
export function callOf(contracts: Contracts, intention: Intention, reason = ""): Call {
  const [name, functionName, args] = callParts(intention, reason);
  const entry = CALLED.find(([known]) => known === name);
  const target = contracts[name];
  if (entry === undefined || target === undefined) throw new Error(`this network has no ${name}`);
  return { target, calldata: encodeFunctionData({ abi: entry[2], functionName, args }) };
}

function callParts(intention: Intention, reason: string): readonly [ContractName, string, readonly unknown[]] {
  switch (intention.kind) {
    case "change":
      return ["params", "set", [stringToHex(intention.key, { size: 32 }), intention.value]];
    case "payment":
      return [intention.fund === "treasury" ? "treasury" : "insurance_fund", "pay", [intention.to, intention.amountWei, reason]];
    case "renewal":
      return ["guardian", "renew", [intention.holder]];
    case "slash":
      return ["stake_manager", "reduceSlash", [intention.slashId, intention.amountWei]];
    case "canary":
      return ["canaries", "setModel", [intention.modelId, intention.pool, intention.batch, intention.maxRuntimeS, intention.isListed]];
    case "suspension":
      return ["registry", "suspend", [intention.modelId]];
    case "ruling":
      return ["registry", "rule", [intention.modelId, intention.isUpheld]];
  }
}

/** What a call does, in words; what is not understood is said to be so. */
export function decodeCall(contracts: Contracts, { target, calldata }: Call): DecodedCall {
  const entry = CALLED.find(([name]) => contracts[name]?.toLowerCase() === target.toLowerCase());
  const unknown = (contract: string, functionName: string, words: string): DecodedCall => ({ target, calldata, contract, functionName, intention: undefined, words, note: "" });
  let found: { functionName: string; args: readonly unknown[] };
  try {
    if (entry === undefined) throw new Error("unknown contract");
    const decoded = decodeFunctionData({ abi: entry[2], data: calldata });
    found = { functionName: decoded.functionName, args: (decoded.args ?? []) as readonly unknown[] };
  } catch {
    const where = entry?.[1] ?? "a contract that is not part of this network";
    return unknown(entry?.[1] ?? "", "", `calls the function ${calldata.slice(0, 10)} of ${where} at ${target}, which cannot be read here`);
  }
  const contract = entry[1];
  const intention = intentionOf(contract, found.functionName, found.args);
  const note = typeof found.args[2] === "string" && intention?.kind === "payment" ? found.args[2] : "";
  if (intention === undefined || !isSame(contracts, intention, note, calldata)) {
    return unknown(contract, found.functionName, `calls ${contract}.${found.functionName}(${found.args.map(String).join(", ")})`);
  }
  return { target, calldata, contract, functionName: found.functionName, intention, words: clauseOf(intention), note };
}

/** Calldata may hide bytes behind its arguments; only what would be encoded the same is put into words. */
const isSame = (contracts: Contracts, intention: Intention, note: string, calldata: Hex): boolean => callOf(contracts, intention, note).calldata.toLowerCase() === calldata.toLowerCase();

function intentionOf(contract: string, functionName: string, args: readonly unknown[]): Intention | undefined {
  const a = args as readonly never[];
  switch (`${contract}.${functionName}`) {
    case "ProtocolParams.set": {
      const key = keyText(a[0] as unknown as Hex);
      return parameterOf(key) ? { kind: "change", key, value: a[1] as unknown as bigint } : undefined;
    }
    case "Treasury.pay":
      return { kind: "payment", fund: "treasury", to: getAddress(a[0] as unknown as Address), amountWei: a[1] as unknown as bigint };
    case "InsuranceFund.pay":
      return { kind: "payment", fund: "insurance fund", to: getAddress(a[0] as unknown as Address), amountWei: a[1] as unknown as bigint };
    case "Guardian.renew":
      return { kind: "renewal", holder: getAddress(a[0] as unknown as Address) };
    case "StakeManager.reduceSlash":
      return { kind: "slash", slashId: a[0] as unknown as Hex, amountWei: a[1] as unknown as bigint };
    case "Canaries.setModel":
      return { kind: "canary", modelId: a[0] as unknown as Hex, pool: a[1] as unknown as Hex, batch: Number(a[2]), maxRuntimeS: Number(a[3]), isListed: Boolean(a[4]) };
    case "ModelRegistry.suspend":
      return { kind: "suspension", modelId: a[0] as unknown as Hex };
    case "ModelRegistry.rule":
      return { kind: "ruling", modelId: a[0] as unknown as Hex, isUpheld: Boolean(a[1]) };
  }
  return undefined;
}

const keyText = (key: Hex): string => {
  const text = hexToString(key).replace(/\0+$/, "");
  return /^[A-Za-z0-9]+$/.test(text) ? text : "";
};

/** A pool of auditors as the grammar reads it: a name, or 0x and 24 digits. */
const poolWords = (pool: Hex): string => {
  const name = hexToString(pool).replace(/\0+$/, "");
  return /^[a-z0-9]*[a-z][a-z0-9]*$/.test(name) ? name : pool;
};

/** Whether only the Constitutional governor can do this; payments out of the treasury depend on their amount. */
export function isConstitutional(intention: Intention): boolean {
  if (intention.kind === "change") return parameterOf(intention.key)?.class === "C";
  if (intention.kind === "payment") return intention.fund === "insurance fund";
  return intention.kind === "renewal";
}
