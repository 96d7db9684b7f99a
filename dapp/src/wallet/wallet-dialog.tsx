/** Choose a wallet: whatever the browser announces, and on a devnet one made in the page. */
import { type ReactElement, useEffect } from "react";
import { useConnect, useConnection, useConnectors } from "wagmi";
import { Button, Notice } from "../components/basics";
import { Dialog } from "../components/dialog";
import { Icon } from "../components/icons";
import { explain } from "../components/states";
import { isDevnet } from "../lib/config";
import { useNetwork } from "../lib/context";
import { isDemo, useDemoWallet } from "./dialog";
import { isRejection } from "./errors";

export default function WalletDialog({ onClose }: { onClose: () => void }): ReactElement {
  const network = useNetwork();
  const connectors = useConnectors().filter((connector) => !isDemo(connector));
  const connect = useConnect();
  const demo = useDemoWallet();
  const { address } = useConnection();
  useEffect(() => {
    if (address !== undefined && !demo.busy) onClose();
  }, [address, demo.busy, onClose]);
  return (
    <Dialog open onClose={onClose} title="Connect a wallet" description="The wallet keeps your key and signs. This page never sees it.">
      <div className="flex flex-col gap-2">
        {connectors.map((connector) => (
          <Button key={connector.uid} className="justify-start" onClick={() => connect.mutate({ connector })} busy={connect.isPending && connect.variables?.connector === connector}>
            {connector.icon?.startsWith("data:image/") ? <img src={connector.icon} alt="" width={20} height={20} /> : <Icon name="wallet" />}
            {connector.name}
          </Button>
        ))}
        {connectors.length === 0 && <p className="text-ink-2">No wallet was found in this browser. Install one that announces itself (EIP-6963); most do.</p>}
        {isDevnet(network) && (
          <>
            <hr className="my-2 border-line" />
            <p className="text-ink-2">This is a devnet: its money is worth nothing. A demo wallet keeps its key in this browser and is filled for you.</p>
            <Button kind="primary" onClick={() => void demo.start()} busy={demo.busy}>
              Use a demo wallet
            </Button>
          </>
        )}
        {connect.error && !isRejection(connect.error) && <Notice tone="bad" title="The wallet did not connect">{explain(connect.error).message}</Notice>}
        {connect.error && isRejection(connect.error) && <p className="text-ink-2">You declined in the wallet.</p>}
        {demo.error !== undefined && (
          <Notice tone="bad" title="The demo wallet is not ready">
            {explain(demo.error).message} {explain(demo.error).hint}
          </Notice>
        )}
      </div>
    </Dialog>
  );
}
