/** What a provider can take now, what each call gives, and to whom. */
import type { ReactElement, ReactNode } from "react";
import { Link } from "react-router";
import type { Address } from "viem";
import { useTx } from "../../actions/tx";
import { Button, Card } from "../../components/basics";
import { Ask, SourceNote } from "../../components/states";
import { feeRouterAbi, jobMarketAbi, vestingVaultAbi } from "../../generated/abis";
import { useChainNow } from "../../lib/clock";
import { useNetwork } from "../../lib/context";
import { percentOfBps } from "../../lib/format";
import { epochOf } from "../../money/epochs";
import { useClaims } from "../../money/facts";
import { Wei, part } from "../../money/known";
import { claimPlan, harvestPlan, releasePlan, useDesk } from "../../money/plans";
import { useRead } from "../../queries/chain";

/** @param you who may act for it; undefined for onlookers, who see the same without buttons. */
export function Collect({ provider, you }: { provider: Address; you: Address | undefined }): ReactElement {
  const { flags } = useNetwork();
  const earned = useRead("market", jobMarketAbi, "earnedOf", [provider]);
  const fees = useRead("fee_router", feeRouterAbi, "unharvestedOf", [provider]);
  const desk = useDesk(you ?? provider);
  const { run } = useTx();
  const feesWei = flags.economy ? fees.data : 0n;
  const canHarvest = (feesWei ?? 0n) > 0n || (earned.data ?? 0n) > 0n;
  return (
    <Card title="To collect" aside={<SourceNote source="chain" updatedAt={earned.dataUpdatedAt} />} flush>
      <Ask asked={earned} what="earnings">
        {(earnedWei) => (
          <ul>
            <Line title={flags.economy ? "Fees, before their split" : "Earned with finished jobs"} amount={<Wei asked={flags.economy ? fees : earned} />} about={flags.economy ? <Split /> : "All of it goes to the owner."}>
              {you && (
                <Button kind={canHarvest ? "primary" : "plain"} disabled={!canHarvest || feesWei === undefined} onClick={() => run(harvestPlan(desk, provider, feesWei ?? 0n, earnedWei))}>
                  Harvest
                </Button>
              )}
            </Line>
            {flags.economy && <Line title="Pay for audits and judging" amount={<Wei asked={earned} />} about="Harvested together with the fees; not split." />}
            {flags.economy && <Emission provider={provider} you={you} />}
            {flags.economy && <Vested provider={provider} you={you} />}
          </ul>
        )}
      </Ask>
    </Card>
  );
}

function Line({ title, amount, about, children }: { title: string; amount: ReactNode; about: ReactNode; children?: ReactNode }): ReactElement {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0">
      <span className="min-w-0 flex-1 basis-56">
        <span className="flex items-baseline justify-between gap-3">
          <span className="font-medium">{title}</span>
          {amount}
        </span>
        <span className="block text-ink-2">{about}</span>
      </span>
      {children}
    </li>
  );
}

/** The rates of this week; a harvest splits each week at its own. */
function Split(): ReactElement {
  const now = useChainNow(60_000);
  const rates = useRead("fee_router", feeRouterAbi, "ratesOf", [BigInt(epochOf(now))]);
  if (rates.data === undefined) return <>Most comes at once, a part vests.</>;
  const { burnBps, treasuryBps, insuranceBps, auditBps, vestBps } = rates.data;
  const gone = burnBps + treasuryBps + insuranceBps + auditBps;
  return (
    <>
      At this week's rates {percentOfBps(10_000 - gone - vestBps)} come at once, {percentOfBps(vestBps)} vest, {percentOfBps(gone)} go to burn, treasury, insurance and audits.
    </>
  );
}

function Emission({ provider, you }: { provider: Address; you: Address | undefined }): ReactElement {
  const claims = useClaims(provider);
  const desk = useDesk(you ?? provider);
  const { run } = useTx();
  const open = claims.data ?? [];
  return (
    <Line title="Emission" amount={<Wei asked={part(claims, (all) => all.reduce((sum, claim) => sum + claim.workWei + claim.availWei - claim.delegatedWei, 0n))} />} about={open.length === 0 ? `${claims.data ? "Nothing to claim. " : ""}What a week earns can be claimed from the second to the ninth week after.` : `Of ${open.length === 1 ? "week" : "weeks"} ${open.map((claim) => claim.epoch).join(", ")}, without the delegators' part. A part comes at once, the rest vests.`}>
      {you && open.length > 0 && (
        <Button kind="primary" onClick={() => run(claimPlan(desk, provider, open))}>
          Claim
        </Button>
      )}
    </Line>
  );
}

function Vested({ provider, you }: { provider: Address; you: Address | undefined }): ReactElement {
  const releasable = useRead("vault", vestingVaultAbi, "releasableOf", [provider]);
  const desk = useDesk(you ?? provider);
  const { run } = useTx();
  return (
    <Line title="Vested" amount={<Wei asked={releasable} />} about={<Link to="/vesting">What vests, and when</Link>}>
      {you && (
        <Button disabled={!releasable.data} onClick={() => releasable.data && run(releasePlan(desk, provider, releasable.data))}>
          Release
        </Button>
      )}
    </Line>
  );
}
