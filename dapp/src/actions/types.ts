/** What a page asks the one writer to do: a plan of one or more steps, each a transaction. */
import type { ReactNode } from "react";
import type { Abi, Address, TransactionReceipt } from "viem";

export interface Call {
  address: Address;
  abi: Abi | readonly unknown[];
  functionName: string;
  args: readonly unknown[];
  value?: bigint;
}

export interface Step {
  /** In the imperative: "Deposit 12 NVY". */
  title: string;
  /** Name and value pairs in the words of the page; what the wallet shows is the same call. */
  facts: readonly (readonly [string, ReactNode])[];
  /** Builds the call when its turn comes. */
  call: () => Call | Promise<Call>;
  /** Skips the step when it is not needed any more. Must ask the wallet for nothing. */
  isDone?: () => boolean | Promise<boolean>;
  /** Does the step by a signature alone, after the click; false where a transaction is needed. */
  bySignature?: () => Promise<boolean>;
  /** The signature is all there is: nothing is sent, whatever the wallet can do. */
  isSignedOnly?: boolean;
}

export interface Plan {
  /** One intent of a key at a time: a second click does nothing. */
  key: string;
  title: string;
  steps: readonly Step[];
  /** Most that this can cost, beside the network's fee. */
  maxCostWei?: bigint;
  /** What comes back, and when, in one sentence. */
  refund?: string;
  /** A consequence that must be seen before signing, such as a penalty. */
  warning?: ReactNode;
  /**
   * Reads the chain again at the moment of the click; a sentence when what was shown is not so any
   * more. Then nothing is signed and the sentence is shown.
   */
  recheck?: () => Promise<string | undefined>;
  /** Closes the dialog at the end, where the page goes on somewhere else. */
  closesWhenDone?: boolean;
  onDone?: (receipts: readonly TransactionReceipt[]) => void;
}

export type PendingStatus = "pending" | "mined" | "indexed" | "reverted" | "cancelled" | "lost";

/** A transaction that this browser sent, kept over reloads. */
export interface Pending {
  hash: `0x${string}`;
  chainId: number;
  account: Address;
  title: string;
  sentAtMs: number;
  status: PendingStatus;
  block?: number;
  /** Where it stands in the account's row, and what it does: another one may take its place. */
  place?: { nonce: number; sinceBlock: number; to: Address; data: `0x${string}` };
}
