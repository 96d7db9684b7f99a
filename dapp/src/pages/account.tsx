/** One account: where all of its money is, and everything that happened to it. */
import { type ReactElement, useState } from "react";
import { useParams } from "react-router";
import { type Address, getAddress, isAddress } from "viem";
import { useTx } from "../actions/tx";
import { Amount, Button, Chip, Copy, PageHead } from "../components/basics";
import { computeTokenAbi, jobMarketAbi } from "../generated/abis";
import { sameAddress } from "../hire/draft";
import { useNetwork } from "../lib/context";
import { spaced } from "../money/words";
import { AmountDialog, type AmountAsked } from "../money/amount-dialog";
import { depositPlan, useDesk, withdrawPlan } from "../money/plans";
import { useGasMoney, useRead } from "../queries/chain";
import { useAccount } from "../wallet/gate";
import { History } from "./account/history";
import { MoneyParts } from "./account/parts";
import { NotFound } from "./not-found";

export function Component(): ReactElement {
  const { addr = "" } = useParams();
  return isAddress(addr, { strict: false }) ? <Account key={addr.toLowerCase()} account={getAddress(addr.toLowerCase())} /> : <NotFound what="account" id={addr} />;
}

function Account({ account }: { account: Address }): ReactElement {
  const you = useAccount();
  const { contracts } = useNetwork();
  const gas = useGasMoney(account);
  const isYours = sameAddress(you, account);
  const contract = Object.entries(contracts).find(([, address]) => sameAddress(address, account))?.[0];
  return (
    <>
      <PageHead
        title={isYours ? "Your account" : "Account"}
        lead={
          <span className="flex flex-wrap items-center gap-2">
            <span className="break-all">
              <code>{account}</code>
            </span>
            <Copy value={account} what="address" />
            {contract && <Chip tone="info">contract: {spaced(contract)}</Chip>}
            <span>
              <Amount wei={gas.data} unit="ETH" decimals={4} why="being read from the chain" /> for network fees
            </span>
          </span>
        }
        actions={isYours && <Moves account={account} />}
      />
      <div className="flex flex-col gap-4">
        <MoneyParts account={account} />
        <History account={account} />
      </div>
    </>
  );
}

/** Into and out of the market's free balance. */
function Moves({ account }: { account: Address }): ReactElement {
  const desk = useDesk(account);
  const { run } = useTx();
  const wallet = useRead("token", computeTokenAbi, "balanceOf", [account]);
  const free = useRead("market", jobMarketAbi, "freeOf", [account]);
  const [asked, setAsked] = useState<"in" | "out">();
  const form: AmountAsked | undefined =
    asked === "in"
      ? { title: "Deposit", about: "Jobs are paid from the market's free balance. It stays yours.", mostWei: wallet.data, most: "what your wallet holds", go: (wei) => run(depositPlan(desk, wei)) }
      : asked === "out"
        ? { title: "Withdraw", about: "From the market's free balance to your wallet. This cannot be paused.", mostWei: free.data, most: "what no job holds", go: (wei) => run(withdrawPlan(desk, wei)) }
        : undefined;
  return (
    <>
      <Button onClick={() => setAsked("in")}>Deposit</Button>
      <Button onClick={() => setAsked("out")} disabled={!free.data}>
        Withdraw
      </Button>
      {form && <AmountDialog key={form.title} asked={form} onClose={() => setAsked(undefined)} />}
    </>
  );
}
