/** Reads the network's configuration, then everything else: cache, wallet, writer, pages. */
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo, useState } from "react";
import { RouterProvider } from "react-router";
import { WagmiProvider } from "wagmi";
import { TxProvider } from "./actions/tx";
import { Failed, Loading } from "./components/states";
import { type Config, loadConfig } from "./lib/config";
import { ConfigProvider } from "./lib/context";
import { makeQueryClient } from "./queries/client";
import { makeRouter } from "./routes";
import { WalletDialogProvider } from "./wallet/dialog";
import { ResumeDemoWallet } from "./wallet/resume";
import { wagmiConfigOf } from "./wallet/setup";

export function Root(): ReactElement {
  const [client] = useState(makeQueryClient);
  return (
    <QueryClientProvider client={client}>
      <Network />
    </QueryClientProvider>
  );
}

function Network(): ReactElement {
  const config = useQuery({ queryKey: ["config"], queryFn: loadConfig, staleTime: Infinity, refetchInterval: false, retry: 2 });
  if (config.data) return <Pages config={config.data} />;
  return (
    <main className="mx-auto max-w-2xl p-6">
      <h1 className="mb-4">Neurovoyance</h1>
      {config.error ? <Failed error={config.error} what="network's description" retry={() => void config.refetch()} /> : <Loading what="the network's description" />}
    </main>
  );
}

function Pages({ config }: { config: Config }): ReactElement {
  const wagmi = useMemo(() => wagmiConfigOf(config), [config]);
  const router = useMemo(() => makeRouter(), []);
  return (
    <ConfigProvider value={config}>
      <WagmiProvider config={wagmi} reconnectOnMount>
        <ResumeDemoWallet />
        <WalletDialogProvider>
          <TxProvider>
            <RouterProvider router={router} />
          </TxProvider>
        </WalletDialogProvider>
      </WagmiProvider>
    </ConfigProvider>
  );
}
