/** Who is connected, and the way in and out. */
import { type ReactElement, Suspense, lazy } from "react";
import { useConnection } from "wagmi";
import { Button } from "../components/basics";
import { useWalletDialog } from "../wallet/dialog";

const WalletMenu = lazy(() => import("./wallet-menu"));

export function WalletButton(): ReactElement {
  const { address, status } = useConnection();
  const open = useWalletDialog();
  if (address !== undefined) {
    return (
      <Suspense fallback={null}>
        <WalletMenu />
      </Suspense>
    );
  }
  return (
    <Button kind="primary" onClick={open} busy={status === "reconnecting"}>
      Connect
    </Button>
  );
}
