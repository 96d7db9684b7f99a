/** Where every coin of an account is: three sums, and each part with when it moves next. */
import type { ReactElement, ReactNode } from "react";
import { Link } from "react-router";
import type { Address } from "viem";
import { Amount, Card, Moment, Stat } from "../../components/basics";
import { SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { computeTokenAbi, jobMarketAbi, stakeManagerAbi, vestingVaultAbi } from "../../generated/abis";
import { wei } from "../../lib/api";
import { useChainNow } from "../../lib/clock";
import { useNetwork } from "../../lib/context";
import { count } from "../../lib/format";
import { useChannels } from "../../money/channels";
import { epochOf, epochStartS } from "../../money/epochs";
import { useClaims, usePositions } from "../../money/facts";
import { rowsOf, useJobs, useMoney } from "../../queries";
import { useRead } from "../../queries/chain";

type Bucket = "Available" | "Reserved" | "Pending";

interface Part {
  bucket: Bucket;
  what: ReactNode;
  key: string;
  wei: bigint | undefined;
  next: ReactNode;
}

export function MoneyParts({ account }: { account: Address }): ReactElement {
  const { parts, updatedAt } = useParts(account);
  const shown = parts.filter((part) => part.wei !== 0n || part.key === "wallet" || part.key === "free");
  const columns: Column<Part>[] = [
    { label: "Where", render: (part) => part.bucket, csv: (part) => part.bucket },
    { label: "What", render: (part) => part.what, csv: (part) => part.key },
    { label: "Amount", num: true, render: (part) => <Amount wei={part.wei} why="not answered yet" />, csv: (part) => part.wei },
    { label: "Next", render: (part) => part.next },
  ];
  return (
    <>
      <section className="grid gap-3 sm:grid-cols-3" aria-label="Money">
        <Sum parts={parts} bucket="Available" note="can be spent now" />
        <Sum parts={parts} bucket="Reserved" note="behind jobs, chats and work" />
        <Sum parts={parts} bucket="Pending" note="yours, and not yet in your hands" />
      </section>
      <Card title="Where every coin is" aside={<SourceNote source="chain" updatedAt={updatedAt} />} flush>
        <Table caption="Where every coin is" rows={shown} columns={columns} keyOf={(part) => part.key} />
        <ListFoot rows={shown} columns={columns} name={`balances-${account}`} />
      </Card>
    </>
  );
}

/** A sum is known when all of its parts are. */
function Sum({ parts, bucket, note }: { parts: readonly Part[]; bucket: Bucket; note: string }): ReactElement {
  const own = parts.filter((part) => part.bucket === bucket);
  const total = own.some((part) => part.wei === undefined) ? undefined : own.reduce((sum, part) => sum + (part.wei ?? 0n), 0n);
  return <Stat label={bucket} value={<Amount wei={total} why="a part of it is not known" />} note={note} />;
}

function useParts(account: Address): { parts: Part[]; updatedAt: number } {
  const { flags } = useNetwork();
  const wallet = useRead("token", computeTokenAbi, "balanceOf", [account]);
  const free = useRead("market", jobMarketAbi, "freeOf", [account]);
  const earned = useRead("market", jobMarketAbi, "earnedOf", [account]);
  const stake = useRead("stake_manager", stakeManagerAbi, "stakeOf", [account]);
  const books = useMoney(account);
  const channels = useChannels(account);
  const revealed = useJobs({ provider: account, state: "Revealed" }, 200);
  const economy = useEconomyParts(account);
  const book = (name: "escrow_wei" | "fees_wei"): bigint | undefined => (books.data ? wei(books.data[name]) : undefined);
  const waiting = revealed.data ? rowsOf(revealed) : undefined;
  const open = channels.data;
  const parts: Part[] = [
    { key: "wallet", bucket: "Available", what: "Wallet", wei: wallet.data, next: "spend it any time" },
    { key: "free", bucket: "Available", what: "Free in the market", wei: free.data, next: "for jobs, or withdraw it any time" },
    { key: "escrow", bucket: "Reserved", what: <Link to="/jobs?whose=client">Escrow of live jobs</Link>, wei: book("escrow_wei"), next: "paid or returned when each job ends" },
    ...(flags.economy || open !== undefined ? [{ key: "channels", bucket: "Reserved" as const, what: open && open.length > 0 ? `Chats: unspent in ${count(open.length)} ${open.length === 1 ? "channel" : "channels"}` : "Chats: unspent in channels", wei: open?.reduce((sum, side) => sum + side.leftWei, 0n), next: <ChannelsNext sides={open} /> }] : []),
    { key: "stake-free", bucket: "Reserved", what: "Stake, free to back jobs", wei: stake.data && stake.data.own - stake.data.locked, next: <Link to="/stake">unbond it any time</Link> },
    { key: "stake-locked", bucket: "Reserved", what: "Stake, locked behind work", wei: stake.data?.locked, next: "free when the work ends" },
    { key: "unbonding", bucket: "Pending", what: "Stake on its way out", wei: stake.data?.unbonding, next: stake.data && stake.data.unbonding > 0n ? <>withdraw it <Moment unixS={Number(stake.data.unbondingReadyAt)} /></> : "" },
    { key: "window", bucket: "Pending", what: "Pay for results in their window", wei: waiting?.reduce((sum, job) => sum + wei(job.price_wei), 0n), next: waiting && waiting.length > 0 ? <>the first <Moment unixS={Math.min(...waiting.map((job) => job.deadline_s))} />, unless challenged</> : "" },
    { key: "earned", bucket: "Pending", what: flags.economy ? "Pay for audits and judging" : "Earned with finished jobs", wei: earned.data, next: <Link to="/provider">harvest it any time</Link> },
    ...(flags.economy ? [{ key: "fees", bucket: "Pending" as const, what: "Fees, before their split", wei: book("fees_wei"), next: <Link to="/provider">harvest them any time</Link> }, ...economy] : []),
  ];
  return { parts, updatedAt: Math.min(wallet.dataUpdatedAt, free.dataUpdatedAt, stake.dataUpdatedAt) };
}

/** What there is on networks with rewards: delegations, vesting, emission. */
function useEconomyParts(account: Address): Part[] {
  const now = useChainNow(30_000);
  const positions = usePositions(account);
  const releasable = useRead("vault", vestingVaultAbi, "releasableOf", [account]);
  const unvested = useRead("vault", vestingVaultAbi, "unvestedOf", [account]);
  const claims = useClaims(account);
  const sum = (of: (position: NonNullable<typeof positions.data>[number]) => bigint): bigint | undefined => positions.data?.reduce((total, position) => total + of(position), 0n);
  const leaving = positions.data?.filter((position) => position.unbondingWei > 0n) ?? [];
  return [
    { key: "delegated", bucket: "Reserved", what: "Delegated to providers", wei: sum((position) => position.amountWei), next: <Link to="/stake">take it back any time</Link> },
    { key: "undelegating", bucket: "Pending", what: "Delegations on their way out", wei: sum((position) => position.unbondingWei), next: leaving.length > 0 ? <>the first <Moment unixS={Math.min(...leaving.map((position) => Number(position.readyAtS)))} /></> : "" },
    { key: "reward", bucket: "Pending", what: "Rewards of delegations", wei: sum((position) => position.rewardWei), next: <Link to="/stake">take them any time</Link> },
    { key: "emission", bucket: "Pending", what: "Emission to claim", wei: claims.data?.reduce((total, claim) => total + claim.workWei + claim.availWei - claim.delegatedWei, 0n), next: <Link to="/provider">claim it; a part vests</Link> },
    { key: "releasable", bucket: "Pending", what: "Vested rewards", wei: releasable.data, next: <Link to="/vesting">release them any time</Link> },
    { key: "vesting", bucket: "Pending", what: "Rewards that vest week by week", wei: unvested.data, next: <>the next part <Moment unixS={epochStartS(epochOf(now) + 1)} /></> },
  ];
}

function ChannelsNext({ sides }: { sides: readonly { closesAtS: number }[] | undefined }): ReactElement {
  const closing = (sides ?? []).filter((side) => side.closesAtS > 0).map((side) => side.closesAtS);
  return closing.length > 0 ? <>returned after <Moment unixS={Math.min(...closing)} />, less what was signed</> : <>close the chat to get the rest back</>;
}
