/** wagmi for one network: reads through the service's proxy, wallets by EIP-6963 discovery alone. */
import { type CreateConnectorFn, createConfig, http } from "wagmi";
import { type Config, chainOf } from "../lib/config";


export function wagmiConfigOf(config: Config) {
  const chain = chainOf(config);
  return createConfig({
    chains: [chain],
    // Announced wallets only (EIP-6963): an injected one besides would show twice.
    connectors: [] as CreateConnectorFn[],
    multiInjectedProviderDiscovery: true,
    transports: { [chain.id]: http("/api/rpc", { batch: { batchSize: 20, wait: 8 }, retryCount: 1, timeout: 15_000 }) },
    pollingInterval: 2_000,
  });
}
