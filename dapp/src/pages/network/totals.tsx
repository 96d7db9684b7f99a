/** Sums of the network: the index's, and two that are read from the chain. */
import type { ReactElement } from "react";
import { Amount, Stat } from "../../components/basics";
import { LATENCY_WORDS, TimeToResult } from "../../components/latency";
import { PriceBand } from "../../components/price-band";
import { Ask } from "../../components/states";
import { computeTokenAbi, stakeManagerAbi } from "../../generated/abis";
import { wei } from "../../lib/api";
import { count } from "../../lib/format";
import { useStanding } from "../../queries";
import { useRead } from "../../queries/chain";
import { useOverview } from "../../queries/overview";

export default function Totals({ skeleton }: { skeleton: ReactElement }): ReactElement {
  const overview = useOverview();
  const standing = useStanding();
  const staked = useRead("stake_manager", stakeManagerAbi, "totalStakeWei", []);
  const supply = useRead("token", computeTokenAbi, "totalSupply", []);
  const slots = standing.data?.offers.reduce((sum, { offer }) => sum + offer.slots, 0);
  const busy = standing.data?.offers.reduce((sum, { offer }) => sum + Math.min(offer.occupied, offer.slots), 0);
  return (
    <Ask asked={overview} what="totals" skeleton={skeleton}>
      {(now) => (
        <div className="grid gap-3 sm:grid-cols-3">
          <Stat label="Nodes offering now" value={standing.data ? count(standing.data.offers.length) : "—"} note={`of ${count(now.providers)} registered`} />
          <Stat label="Slots in use" value={slots === undefined || busy === undefined ? "—" : `${count(busy)} of ${count(slots)}`} note="as the nodes say" />
          <Stat label="Jobs done, last 24 h" value={count(now.day.jobs_settled)} note={`${count(now.jobs_live)} under way`} />
          <Stat label="Paid, last 24 h" value={<Amount wei={wei(now.day.paid_wei)} />} note="rolling, settled jobs" />
          <Stat label="Price of a job, last 24 h" value={<PriceBand band={now.day} />} note="median; p10 to p90 in brackets" />
          <Stat label="Jobs since the beginning" value={count(now.jobs)} note={`${count(now.jobs_settled)} paid`} />
          <Stat label="Time to a result" value={<TimeToResult of={now} />} note={LATENCY_WORDS} />
          <Stat label="Staked" value={<Amount wei={staked.data} decimals={0} />} note="behind all providers" />
          <Stat label="Supply" value={<Amount wei={supply.data} decimals={0} />} note="after what was burned" />
        </div>
      )}
    </Ask>
  );
}
