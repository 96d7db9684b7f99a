/**
 * The demo wallet: a key made in this page, announced by EIP-6963 like any other wallet.
 *
 * For a devnet alone. It refuses to exist on a chain that is not compiled in as one, asks the chain
 * for its id again before each signature, and never leaves this browser unless it is exported.
 * Loaded only when somebody wants it; the account code is behind a local re-export so that the
 * bundler drops what is not used.
 */
import { type Address, type Hex, hexToBigInt, isHex, keccak256, numberToHex } from "viem";
import { CHAIN_AWAY, ApiError } from "../lib/api";
import { DEVNET_CHAIN_IDS } from "../lib/config";
import { load, remove, save } from "../lib/storage";
import { type LocalAccount, generatePrivateKey, privateKeyToAccount } from "./accounts";

const ENTRY = "demo-wallet";
const RDNS = "org.neurovoyance.demo";
const SEND_TRIES = 20;
const SEND_PAUSE_MS = 2_000;
const isKey = (value: unknown): value is Hex => isHex(value) && value.length === 66;

interface Request {
  method: string;
  params?: readonly unknown[];
}
type Listener = (value: never) => void;

/** A failure as EIP-1193 wants it. */
class ProviderError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Whether this browser keeps a demo wallet already. */
export const hasDemoWallet = (): boolean => load(ENTRY, isKey) !== undefined;

/** The key, for a person who wants to take it elsewhere. */
export const exportDemoKey = (): Hex | undefined => load(ENTRY, isKey);

/** Forget the key. What the account holds stays on the devnet and cannot be moved any more. */
export const resetDemoWallet = (): void => remove(ENTRY);

export class DemoProvider {
  private readonly chainId: number;
  private readonly account: LocalAccount;
  private readonly listeners = new Map<string, Set<Listener>>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(chainId: number) {
    if (!DEVNET_CHAIN_IDS.includes(chainId)) throw new ProviderError(4902, `The demo wallet knows no chain ${chainId}.`);
    this.chainId = chainId;
    let key = load(ENTRY, isKey);
    if (key === undefined) {
      key = generatePrivateKey();
      save(ENTRY, key);
    }
    this.account = privateKeyToAccount(key);
  }

  on(event: string, listener: Listener): this {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener));
    return this;
  }

  removeListener(event: string, listener: Listener): this {
    this.listeners.get(event)?.delete(listener);
    return this;
  }

  async request({ method, params = [] }: Request): Promise<unknown> {
    switch (method) {
      case "eth_accounts":
      case "eth_requestAccounts":
        return [this.account.address];
      case "eth_chainId":
        return numberToHex(this.chainId);
      case "wallet_switchEthereumChain":
      case "wallet_addEthereumChain":
        return this.keepChain(params[0]);
      case "wallet_requestPermissions":
      case "wallet_revokePermissions":
        return [];
      case "personal_sign":
        await this.checkChain();
        return this.account.signMessage({ message: { raw: params[0] as Hex } });
      case "eth_signTypedData_v4":
        await this.checkChain();
        return this.account.signTypedData(JSON.parse(params[1] as string) as Parameters<LocalAccount["signTypedData"]>[0]);
      case "eth_sendTransaction":
        return this.send(params[0] as Record<string, Hex>);
      default:
        return rpc(method, params);
    }
  }

  private keepChain(wanted: unknown): null {
    const id = (wanted as { chainId?: Hex } | undefined)?.chainId;
    if (id === undefined || Number(id) !== this.chainId) throw new ProviderError(4902, "The demo wallet stays on its devnet.");
    return null;
  }

  /** The service could have been pointed at another chain since; a signature would be valid there. */
  private async checkChain(): Promise<void> {
    const id = Number(await rpc("eth_chainId", []));
    if (id !== this.chainId || !DEVNET_CHAIN_IDS.includes(id)) throw new ProviderError(4902, `The chain behind this page is ${id} now. The demo wallet signs nothing for it.`);
  }

  /** One transaction after the other, so that nonces have no gap and no double. */
  private send(fields: Record<string, Hex>): Promise<Hex> {
    const sent = this.queue.then(() => this.signAndSend(fields));
    this.queue = sent.catch(() => undefined);
    return sent;
  }

  private async signAndSend(fields: Record<string, Hex>): Promise<Hex> {
    await this.checkChain();
    if (fields.from && fields.from.toLowerCase() !== this.account.address.toLowerCase()) throw new ProviderError(4100, "The demo wallet has another account.");
    const from = this.account.address;
    const [nonce, gas, tip, block] = await Promise.all([
      rpc("eth_getTransactionCount", [from, "pending"]),
      fields.gas ?? rpc("eth_estimateGas", [{ ...fields, from }]),
      fields.maxPriorityFeePerGas ?? rpc("eth_maxPriorityFeePerGas", []),
      rpc("eth_getBlockByNumber", ["latest", false]),
    ]);
    const baseFee = hexToBigInt((block as { baseFeePerGas: Hex }).baseFeePerGas);
    const signed = await this.account.signTransaction({
      type: "eip1559",
      chainId: this.chainId,
      nonce: Number(nonce),
      to: fields.to as Address | undefined,
      data: fields.data,
      value: fields.value ? hexToBigInt(fields.value) : 0n,
      gas: fields.gas ? hexToBigInt(fields.gas) : (hexToBigInt(gas as Hex) * 12n) / 10n,
      maxFeePerGas: fields.maxFeePerGas ? hexToBigInt(fields.maxFeePerGas) : baseFee * 2n + hexToBigInt(tip as Hex),
      maxPriorityFeePerGas: hexToBigInt(tip as Hex),
    });
    return broadcast(signed);
  }
}

/** Send signed bytes until the chain answers: the same bytes again are the same transaction, never a second one. */
async function broadcast(signed: Hex): Promise<Hex> {
  for (let tries = 0; ; tries += 1) {
    try {
      return (await rpc("eth_sendRawTransaction", [signed])) as Hex;
    } catch (error) {
      const isAnswer = error instanceof ProviderError;
      if (isAnswer && tries > 0 && /known|nonce too low/i.test(error.message)) return keccak256(signed);
      if (isAnswer || tries === SEND_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, SEND_PAUSE_MS));
    }
  }
}

let id = 0;

async function rpc(method: string, params: readonly unknown[]): Promise<unknown> {
  id += 1;
  const response = await fetch("/api/rpc", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
    signal: AbortSignal.timeout(15_000),
  }).catch(() => undefined);
  if (!response?.ok) throw new ApiError("The chain does not answer now.", { code: CHAIN_AWAY });
  const answer = (await response.json()) as { result?: unknown; error?: { code: number; message: string; data?: unknown } };
  if (answer.error) throw Object.assign(new ProviderError(answer.error.code, answer.error.message), { data: answer.error.data });
  return answer.result;
}

const ICON =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#8a4b00"/><text x="16" y="22" font-size="17" text-anchor="middle" fill="#fff" font-family="sans-serif">D</text></svg>',
  );

let shared: DemoProvider | undefined;

/** Announce the wallet, now and whenever a page asks for wallets. */
export function announceDemoWallet(chainId: number): void {
  if (shared) return;
  const provider = (shared = new DemoProvider(chainId));
  const info = { uuid: crypto.randomUUID(), name: "Demo wallet", icon: ICON, rdns: RDNS };
  const announce = (): void => {
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
  };
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}

export const DEMO_RDNS = RDNS;
