/** Brings the demo wallet back after a reload: it has to announce itself before wagmi can reconnect. */
import { useEffect } from "react";
import { useReconnect } from "wagmi";
import { isDevnet } from "../lib/config";
import { useNetwork } from "../lib/context";
import { names } from "../lib/storage";

export function ResumeDemoWallet(): null {
  const network = useNetwork();
  const reconnect = useReconnect();
  useEffect(() => {
    if (!isDevnet(network) || !names("demo-wallet").includes("demo-wallet")) return;
    void import("./demo").then(({ announceDemoWallet }) => {
      announceDemoWallet(network.chain_id);
      reconnect.mutate({});
    });
    // Once a page load.
    // eslint-disable-next-line
  }, []);
  return null;
}
