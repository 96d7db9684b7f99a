/**
 * What can be proposed beside parameters, as short forms: their fields, and what they come to.
 *
 * Pure. The kinds are those of governance.intentions; what is typed is read as the command line reads it.
 */
import { type Address, type Hex, getAddress, isAddress, stringToHex } from "viem";
import type { Contracts, Fund, Intention } from "./calls.ts";
import type { ContractName } from "../lib/config.ts";
import { parseMoney, parseTime } from "./values.ts";

interface FieldOf<T> {
  label: string;
  hint: string;
  /** Undefined where the text is none. */
  read: (text: string) => T | undefined;
  options?: readonly string[];
}

/** Something typed: which form, and its fields by name. */
export interface Wish {
  form: string;
  texts: Record<string, string>;
}

interface Form {
  title: string;
  about: string;
  /** What a network has to have been deployed with. */
  needs?: ContractName;
  fields: Record<string, FieldOf<unknown>>;
  make: (values: never) => Intention;
}

const NOBODY = /^0x0{40}$/;
const FUNDS: readonly Fund[] = ["treasury", "insurance fund"];
const UINT32 = 2n ** 32n;
const form = <V extends Record<string, unknown>>(title: string, about: string, fields: { [K in keyof V]: FieldOf<V[K]> }, make: (values: V) => Intention): Form => ({ title, about, fields, make });
const needing = (needs: ContractName, made: Form): Form => ({ ...made, needs });
const readHash = (text: string): Hex | undefined => (/^0x[0-9a-fA-F]{64}$/.test(text) ? (text.toLowerCase() as Hex) : undefined);
const account = (label: string): FieldOf<Address> => ({ label, hint: "0x and 40 digits.", read: (text) => (isAddress(text) && !NOBODY.test(text) ? getAddress(text) : undefined) });
const RULINGS = ["upheld", "dismissed"] as const;
const model: FieldOf<Hex> = { label: "Model id", hint: "0x and 64 digits.", read: readHash };

export const FORMS: Readonly<Record<string, Form>> = {
  payment: form(
    "A payment",
    "Tokens of a fund go to somebody. What was paid cannot be taken back; your reason is written beside it.",
    {
      fund: { label: "From the", hint: "The insurance fund pays by Constitutional votes alone, 1 % of it in a week.", options: FUNDS, read: (text) => FUNDS.find((fund) => fund === text) },
      amountWei: { label: "Amount", hint: "Such as 50,000 NVY.", read: (text) => parseMoney(text) || undefined },
      to: account("To"),
    },
    ({ fund, to, amountWei }: { fund: Fund; amountWei: bigint; to: Address }) => ({ kind: "payment", fund, to, amountWei }),
  ),
  renewal: form("A term of the guardian", "18 months in which it may cancel proposals and pause. Such a proposal holds nothing else, and no guardian can cancel it.", { holder: account("Guardian") }, ({ holder }: { holder: Address }) => ({ kind: "renewal", holder })),
  slash: form(
    "A smaller slash",
    "A slash that is still held; the rest goes back to where it was taken. Most are held for 2 days, too short for a vote; those of a day with many slashes for 14.",
    { slashId: { label: "Slash id", hint: "0x and 64 digits.", read: readHash }, amountWei: { label: "What is left of it", hint: "Less than now, such as 100 NVY; 0 NVY for nothing.", read: parseMoney } },
    (found: { slashId: Hex; amountWei: bigint }) => ({ kind: "slash", ...found }),
  ),
  canary: needing("canaries", form(
    "A canary model",
    "Canaries test idle providers with it, at the network's cost.",
    {
      modelId: model,
      pool: { label: "Pool of auditors", hint: "Such as cpu, or 0x and 24 digits.", read: (text) => (/^0x[0-9a-fA-F]{24}$/.test(text) ? (text.toLowerCase() as Hex) : /^[a-z0-9-]{1,12}$/.test(text) ? stringToHex(text, { size: 12 }) : undefined) },
      batch: { label: "Batch", hint: "At least 1.", read: (text) => (/^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined) },
      runtimeS: { label: "At most", hint: "Such as 60 seconds.", read: (text) => { const found = parseTime(text); return found && found < UINT32 ? Number(found) : undefined; } },
    },
    ({ modelId, pool, batch, runtimeS }: { modelId: Hex; pool: Hex; batch: number; runtimeS: number }) => ({ kind: "canary", modelId, pool, batch, maxRuntimeS: runtimeS, isListed: true }),
  )),
  unlist: needing("canaries", form("No longer a canary model", "Canaries use it no more.", { modelId: model }, ({ modelId }: { modelId: Hex }) => ({ kind: "canary", modelId, pool: `0x${"0".repeat(24)}`, batch: 0, maxRuntimeS: 0, isListed: false }))),
  suspension: needing(
    "registry",
    form("A suspended model", "It takes no job any more, and live jobs of it may be voided: their clients get everything back. No vote can lift it; its maker can register another document.", { modelId: model }, ({ modelId }: { modelId: Hex }) => ({ kind: "suspension", modelId })),
  ),
  ruling: needing(
    "registry",
    form(
      "A ruling on a challenged certificate",
      "Upheld suspends the model for ever and gives the challenger both bonds; dismissed gives the registrant the challenger's, and the model works on. Without a ruling in 14 days anybody may end the challenge.",
      { modelId: model, ruling: { label: "The challenge is", hint: "Right: the certificate does not hold. Wrong: it holds.", options: RULINGS, read: (text) => RULINGS.find((one) => one === text) } },
      ({ modelId, ruling }: { modelId: Hex; ruling: (typeof RULINGS)[number] }) => ({ kind: "ruling", modelId, isUpheld: ruling === "upheld" }),
    ),
  ),
};

/** The forms of a network. */
export const formsOf = (contracts: Contracts): [string, Form][] => Object.entries(FORMS).filter(([, { needs }]) => needs === undefined || contracts[needs] !== undefined);

/** A blank form; a choice begins with its first option. */
export const wishOf = (name: string): Wish => ({ form: name, texts: Object.fromEntries(Object.entries(FORMS[name]?.fields ?? {}).map(([key, { options }]) => [key, options?.[0] ?? ""])) });

/** What a form comes to, or the fields that are missing or cannot be read. */
export function readWish({ form: name, texts }: Wish): { intention: Intention } | { faults: string[] } {
  const found = FORMS[name];
  if (!found) return { faults: [] };
  const values = Object.fromEntries(Object.entries(found.fields).map(([key, { read }]) => [key, read((texts[key] ?? "").trim())]));
  const faults = Object.keys(values).filter((key) => values[key] === undefined);
  return faults.length > 0 ? { faults } : { intention: found.make(values as never) };
}
