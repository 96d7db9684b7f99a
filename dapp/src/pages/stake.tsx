/** What stands behind work: own stake and delegations, what they earn, what they risk, and the way out. */
import type { ReactElement } from "react";
import { useSearchParams } from "react-router";
import { type Address, getAddress, isAddress } from "viem";
import { Notice, PageHead } from "../components/basics";
import { useNetwork } from "../lib/context";
import { percentOfBps, span } from "../lib/format";
import { useParams } from "../money/facts";
import { Known } from "../money/known";
import { DELEGATED_FORGERY_BPS } from "../money/stakes";
import { NeedsWallet } from "../wallet/gate";
import { Delegations } from "./stake/delegations";
import { OwnStake } from "./stake/own";
import { Picker } from "./stake/picker";

export function Component(): ReactElement {
  const { flags } = useNetwork();
  return (
    <>
      <PageHead title="Stake" lead="Tokens behind work earn with it and lose with it. They have votes, and take weeks to leave." />
      <div className="flex flex-col gap-4">
        <Risk />
        <NeedsWallet why="Connect a wallet to see what you have staked and delegated. Providers and their terms are below.">{(account) => <Yours key={account} account={account} />}</NeedsWallet>
        {flags.economy ? <Providers /> : <Notice title="No delegation here">This network was deployed without the token economy: nothing vests, and stake cannot be delegated.</Notice>}
      </div>
    </>
  );
}

/** What can be taken, and how much at once; from the parameters as they hold now. */
function Risk(): ReactElement {
  const params = useParams(["stakeSlashBps", "forgerySlashBps", "vestSlashBps", "unbondingS"]);
  return (
    <Notice tone="warn" title="What can be lost">
      <Known asked={params} className="w-full">
        {(rates) => (
          <>
            A wrong result costs a provider the whole lock of its job and {percentOfBps(rates.stakeSlashBps)} of its own stake; forged numbers cost {percentOfBps(rates.forgerySlashBps)}. Who delegates loses{" "}
            {percentOfBps(rates.stakeSlashBps)}, or {percentOfBps(DELEGATED_FORGERY_BPS)} for forged numbers, each time. What unbonds stays slashable for {span(Number(rates.unbondingS))}.
          </>
        )}
      </Known>
    </Notice>
  );
}

function Yours({ account }: { account: Address }): ReactElement {
  const { flags } = useNetwork();
  return (
    <>
      <OwnStake account={account} />
      {flags.economy && <Delegations account={account} />}
    </>
  );
}

function Providers(): ReactElement {
  const [params] = useSearchParams();
  const named = params.get("provider") ?? "";
  return <Picker chosen={isAddress(named, { strict: false }) ? getAddress(named) : undefined} />;
}
