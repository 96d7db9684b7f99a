/** What jobs and chats cost lately, and how long the free balance lasts at that rate. */
import type { ReactElement } from "react";
import { Amount, Card, Facts, Unknown } from "../../components/basics";
import { SourceNote } from "../../components/states";
import { wei } from "../../lib/api";
import { type Burn, LASTS_MAX_S, burnOf } from "../../lib/burn";
import { count, span } from "../../lib/format";
import { useSpending } from "../../queries/records";

const told = ({ lastsS }: Burn): string => (lastsS === LASTS_MAX_S ? "more than a year" : span(lastsS));

/** Nothing for an account that neither runs nor ran anything lately. */
export function BurnCard({ account, freeWei, walletWei }: { account: string; freeWei: bigint | undefined; walletWei: bigint | undefined }): ReactElement | null {
  const asked = useSpending(account);
  const spent = asked.data;
  if (spent === undefined) return null;
  const [dayWei, weekWei] = [wei(spent.day_wei), wei(spent.week_wei)];
  if (spent.live_jobs === 0 && spent.open_channels === 0 && weekWei === 0n) return null;
  const burn = freeWei === undefined ? undefined : burnOf(freeWei, { dayWei, weekWei });
  const whole = freeWei === undefined || walletWei === undefined ? undefined : burnOf(freeWei + walletWei, { dayWei, weekWei });
  return (
    <Card title="Burn rate" aside={<SourceNote source="index" updatedAt={asked.dataUpdatedAt} />}>
      <Facts
        items={[
          ["Spent, last 24 h, rolling", <Amount key="d" wei={dayWei} />],
          ["Spent, last 7 days, rolling", <Amount key="w" wei={weekWei} />],
          ["Under way", `${count(spent.live_jobs)} ${spent.live_jobs === 1 ? "job" : "jobs"}${spent.open_channels === 0 ? "" : `, ${count(spent.open_channels)} ${spent.open_channels === 1 ? "reserve" : "reserves"} in channels`}`],
          ["Free balance", <Amount key="f" wei={freeWei} />],
          ["Runs out in", burn === undefined ? <Unknown key="u" why={freeWei === undefined ? "the free balance is not known yet" : "nothing was spent in the last 7 days"} /> : <strong key="r">{freeWei === 0n ? "nothing is free now" : told(burn)}</strong>],
          whole !== undefined && (["With the wallet's money", told(whole)] as const),
        ]}
      />
      {burn && <p className="mt-2 text-[0.93rem] text-ink-2">At the rate of the last {burn.of === "day" ? "24 hours" : "7 days"}, by the chain's clock. Money in escrow is not counted as spent.</p>}
    </Card>
  );
}
