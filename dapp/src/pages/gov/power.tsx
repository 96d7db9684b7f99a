/** "You hold X, vote with Y": what an account's votes are, why the two differ, who casts them. */
import type { ReactElement, ReactNode } from "react";
import { Link } from "react-router";
import type { Address } from "viem";
import { useConfig } from "wagmi";
import { useTx } from "../../actions/tx";
import { Amount, Button, Card, Moment } from "../../components/basics";
import { Ask, SourceNote } from "../../components/states";
import { TICK_S } from "../../gov/timeline";
import { sameAddress } from "../../hire/draft";
import { useNetwork } from "../../lib/context";
import { NeedsWallet } from "../../wallet/gate";
import { Voter } from "./parts";
import { delegatePlan } from "./plans";
import { type Power, usePower } from "./reads";

export const isNobody = (address: string): boolean => /^0x0{40}$/.test(address);

export function PowerCard(): ReactElement {
  return (
    <Card title="Your votes" flush aside={undefined}>
      <NeedsWallet why="With a wallet you see what you hold and what you vote with.">{(account) => <Mine account={account} />}</NeedsWallet>
    </Card>
  );
}

function Mine({ account }: { account: Address }): ReactElement {
  const power = usePower(account);
  return (
    <Ask asked={power} what="your votes" skeleton={<div className="skeleton m-4 h-16" />}>
      {(now) => (
        <div className="flex flex-col gap-3 p-4">
          <p className="text-[1.2rem] leading-snug font-semibold">
            You hold <Amount wei={now.unitsWei} unit="" />, and vote with <Amount wei={now.countedWei} unit="" />.
          </p>
          <ul className="flex list-disc flex-col gap-1 pl-5 text-ink-2">
            {reasonsOf(now, account).map((reason, at) => (
              <li key={at}>{reason}</li>
            ))}
          </ul>
          <Choice power={now} account={account} />
          <SourceNote source="chain" updatedAt={power.dataUpdatedAt} />
        </div>
      )}
    </Ask>
  );
}

/** Why what is held and what is voted with differ, each in a sentence. */
function reasonsOf(power: Power, account: Address): ReactNode[] {
  const { unitsWei, delegate, votesWei, countedWei, clockS } = power;
  const isMine = sameAddress(delegate, account);
  const own = isMine ? unitsWei : 0n;
  const reasons: ReactNode[] = ["You hold what you staked, put behind providers, and what vests for you. Free and unbonding tokens have no votes."];
  if (unitsWei > 0n && isNobody(delegate)) reasons.push("Nobody casts your votes yet, so they count for nothing. Choose yourself, or somebody you trust.");
  if (unitsWei > 0n && !isMine && !isNobody(delegate)) reasons.push(<>Your votes are cast by <Voter value={delegate} />.</>);
  if (votesWei > own) reasons.push(<>Others let you cast <Amount wei={votesWei - own} unit="votes" />.</>);
  if (countedWei !== undefined && countedWei !== votesWei) {
    reasons.push(
      <>
        Votes tick once a day, at 00:00 UTC. From the next tick, <Moment unixS={clockS + TICK_S} />, you vote with <Amount wei={votesWei} unit="" />.
      </>,
    );
  }
  return reasons;
}

function Choice({ power, account }: { power: Power; account: Address }): ReactElement {
  const network = useNetwork();
  const wagmi = useConfig();
  const { run } = useTx();
  const isMine = sameAddress(power.delegate, account);
  return (
    <div className="flex flex-wrap items-center gap-2">
      {!isMine && (
        <Button kind={power.unitsWei > 0n ? "primary" : "plain"} onClick={() => run(delegatePlan({ wagmi, network }, account, power, account))}>
          Delegate to yourself
        </Button>
      )}
      {power.unitsWei === 0n && (
        <Link to="/stake" className="button">
          Stake to get votes
        </Link>
      )}
      <Link to={`/gov/delegates/${account}`}>Your votes and who gave them</Link>
    </div>
  );
}
