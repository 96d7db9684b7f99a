/** The health list: one line a fact, with what to do where something is wrong. */
import type { ReactElement } from "react";
import { type Address, zeroAddress } from "viem";
import { Card, Chip, type Tone } from "../../components/basics";
import { SourceNote } from "../../components/states";
import { stakeManagerAbi } from "../../generated/abis";
import { sameAddress } from "../../hire/draft";
import { useChainNow } from "../../lib/clock";
import { plain } from "../../lib/format";
import { useParams } from "../../money/facts";
import { Ticks } from "../../money/ticks";
import { type Check, type Facts, type Verdict, checksOf, worst } from "../../money/health";
import { useStanding } from "../../queries";
import { useGasMoney, useRead } from "../../queries/chain";
import type { ProviderRow } from "../../queries/rows";
import { type NodeLine, useNodeHealth } from "./nodes";

const TONE: Record<Verdict, Tone> = { good: "good", warn: "warn", bad: "bad", unknown: "neutral" };
const WORD: Record<Verdict, string> = { good: "well", warn: "look", bad: "broken", unknown: "unknown" };

/** The checks of one provider, from chain, index and, on this machine, its node. */
export function useChecks(provider: Address, row: ProviderRow | undefined, node: NodeLine | undefined): { checks: Check[]; updatedAt: number } {
  const operator = useRead("stake_manager", stakeManagerAbi, "operatorOf", [provider]);
  const stake = useRead("stake_manager", stakeManagerAbi, "stakeOf", [provider]);
  const params = useParams(["minSelfStakeWei"]);
  const gas = useGasMoney(operator.data === undefined || operator.data === zeroAddress ? undefined : operator.data);
  const standing = useStanding();
  const health = useNodeHealth(node?.is_up ? node.node : undefined);
  const now = useChainNow(5_000);
  const isRegistered = operator.data === undefined ? undefined : operator.data !== zeroAddress;
  const facts: Facts = {
    isRegistered,
    endpoint: row === undefined ? (isRegistered === false ? "" : undefined) : plain(row.endpoint),
    node: node && { isUp: node.is_up, reason: node.reason, isPaused: health.data?.is_paused ?? null, isDraining: health.data?.is_draining ?? null, failedTurns: health.data?.failed_turns ?? null },
    offerExpiresS: standing.data && (standing.data.offers.find(({ offer }) => sameAddress(offer.provider, provider))?.offer.expires_s ?? 0),
    ownWei: stake.data?.own,
    lockedWei: stake.data?.locked,
    minimumWei: params.data?.minSelfStakeWei,
    operatorGasWei: isRegistered === false ? 0n : gas.data,
    jobs: row && { settled: row.jobs_settled, failed: row.jobs_failed, missed: row.jobs_missed, slashes: row.slashes },
  };
  return { checks: checksOf(facts, now), updatedAt: stake.dataUpdatedAt };
}

export function Health({ row, node }: { row: ProviderRow; node: NodeLine | undefined }): ReactElement {
  const { checks, updatedAt } = useChecks(row.provider as Address, row, node);
  const all = worst(checks);
  return (
    <Card
      title={
        <span className="flex items-center gap-2">
          Health <Chip tone={TONE[all]}>{all === "good" ? "all well" : WORD[all]}</Chip>
        </span>
      }
      aside={<SourceNote source="chain" updatedAt={updatedAt} />}
      flush
    >
      <CheckList checks={checks} />
    </Card>
  );
}

export function CheckList({ checks }: { checks: readonly Check[] }): ReactElement {
  return (
    <ul>
      {checks.map((check) => (
        <li key={check.key} className="flex items-start justify-between gap-3 border-b border-line px-4 py-2 last:border-b-0">
          <span className="min-w-0">
            <span className="font-medium">{check.title}</span>
            <span className="block break-words text-ink-2"><Ticks text={check.words} /></span>
            {check.advice && <span className="block text-ink-2"><Ticks text={check.advice} /></span>}
          </span>
          <Chip tone={TONE[check.verdict]}>{WORD[check.verdict]}</Chip>
        </li>
      ))}
    </ul>
  );
}
