// viem/accounts whole is seven times as large; re-exporting two names lets the bundler drop the rest.
export { generatePrivateKey } from "viem/accounts";
export { privateKeyToAccount } from "viem/accounts";
export type { LocalAccount } from "viem/accounts";
