/** Orange as long as the money is not real: nobody may mistake a devnet for more. */
import type { ReactElement } from "react";
import { Link } from "react-router";
import { useConnection } from "wagmi";
import { isDevnet } from "../lib/config";
import { useNetwork } from "../lib/context";
import { isDemo } from "../wallet/dialog";

export function DemoBar(): ReactElement | null {
  const network = useNetwork();
  const { connector } = useConnection();
  if (!isDevnet(network)) return null;
  return (
    <aside aria-label="What money this is" className="border-b border-line bg-demo-soft px-4 py-1 text-center text-[0.86rem] font-medium text-demo">
      {isDemo(connector) ? (
        <>
          Demo money, worth nothing. The key is in this browser: <Link to="/settings" className="text-demo">export or reset it</Link>.
        </>
      ) : (
        "A devnet on this machine: its money is worth nothing."
      )}
    </aside>
  );
}
