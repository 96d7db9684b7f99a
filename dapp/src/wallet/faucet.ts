/** Test money for a devnet account. */
import { type Address } from "viem";
import { ask } from "../lib/api";

/** Answer of `POST /api/faucet`. */
export interface Grant {
  address: string;
  gas_wei: string;
  amount_wei: string;
}

/** Ask for gas and NVY; refused with 429 within an hour of the last grant. */
export const askFaucet = (address: Address): Promise<Grant> => ask<Grant>("/api/faucet", { method: "POST", json: { address }, timeoutMs: 30_000 });
