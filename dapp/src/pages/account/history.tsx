/** Everything that the contracts said about an account, in words, and as a file for the tax. */
import { type ReactElement, useMemo, useState } from "react";
import type { Address } from "viem";
import { Addr, Amount, Button, Card, Hash, Moment, Unknown } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { type Column, Table } from "../../components/table";
import { Icon } from "../../components/icons";
import { useNetwork } from "../../lib/context";
import { DIRECTION_WORDS, type HistoryRow, meaningOf } from "../../money/history";
import { rowsOf, useList } from "../../queries";

/** Bookkeeping of the contracts among themselves; in the file, not in the list. */
const QUIET = new Set(["Approval", "UnitsMoved", "DelegateVotesChanged", "AuditTermsFrozen", "JobMoved", "SeedDrawn", "AuditAnswered", "AuditFeesPaid", "Collected", "CourtPaid"]);
const PAGE_ROWS = 200;

const keyOf = (row: HistoryRow): string => String(row.born);

export function History({ account }: { account: Address }): ReactElement {
  const { flags, contracts } = useNetwork();
  const own = useMemo(() => new Set(Object.values(contracts)), [contracts]);
  const list = useList<HistoryRow>(`/api/accounts/${account}/events`, "born", {}, { limit: PAGE_ROWS });
  const [moneyAlone, setMoneyAlone] = useState(true);
  // A transfer to or from a contract is the other half of an event that says why.
  const isHalf = (row: HistoryRow): boolean => row.name === "Transfer" && own.has(meaningOf(row, account, flags.economy).counterparty as Address);
  const rows = rowsOf(list).filter((row) => !QUIET.has(row.name) && !isHalf(row) && (!moneyAlone || meaningOf(row, account, flags.economy).amountWei !== undefined));
  const columns: Column<HistoryRow>[] = [
    { label: "When", render: (row) => <Moment unixS={row.time_s} /> },
    { label: "What", render: (row) => <What row={row} account={account} /> },
    { label: "Amount", num: true, render: (row) => <Sum row={row} account={account} /> },
    { label: "With", render: (row) => <Other address={meaningOf(row, account, flags.economy).counterparty} /> },
    { label: "Transaction", render: (row) => <Hash value={row.tx_hash} to={`/tx/${row.tx_hash}`} what="transaction hash" head={6} /> },
  ];
  return (
    <Card title="History" aside={<SourceNote source="index" updatedAt={list.dataUpdatedAt} />} flush>
      <div className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-2">
        <label className="flex items-center gap-2">
          <input type="checkbox" className="size-4 accent-accent" checked={moneyAlone} onChange={(event) => setMoneyAlone(event.target.checked)} />
          With an amount alone
        </label>
        <a className="button button-quiet" href={`/api/accounts/${account}/movements.csv`} download>
          <Icon name="download" /> All as CSV
        </a>
      </div>
      <Ask asked={list} what="history" isEmpty={() => rows.length === 0} empty={<Empty>{rowsOf(list).length === 0 ? "Nothing has happened to this account on this network." : "None of the newest events has an amount."}</Empty>}>
        {() => <Table caption="History" rows={rows} columns={columns} keyOf={keyOf} />}
      </Ask>
      <p className="flex flex-wrap items-center justify-between gap-2 border-t border-line px-4 py-2 text-ink-2">
        <span>The file has one row for each movement of money, exact to the last digit: the sum of a place's rows is what the account has there.</span>
        {list.hasNextPage && (
          <Button busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Show more
          </Button>
        )}
      </p>
    </Card>
  );
}

function What({ row, account }: { row: HistoryRow; account: Address }): ReactElement {
  const { flags } = useNetwork();
  const { words, jobId } = meaningOf(row, account, flags.economy);
  return (
    <span>
      {words}
      {jobId && (
        <span className="block">
          <Hash value={jobId} to={`/jobs/${jobId}`} what="job id" />
        </span>
      )}
    </span>
  );
}

function Sum({ row, account }: { row: HistoryRow; account: Address }): ReactElement {
  const { flags } = useNetwork();
  const { amountWei, direction } = meaningOf(row, account, flags.economy);
  if (amountWei === undefined) return <span className="text-ink-3">no amount</span>;
  return (
    <span>
      <Amount wei={amountWei} />
      {direction && <span className={`block ${direction === "in" ? "text-good" : direction === "out" ? "text-bad" : "text-ink-3"}`}>{DIRECTION_WORDS[direction]}</span>}
    </span>
  );
}

const Other = ({ address }: { address: string | undefined }): ReactElement => (address === undefined ? <Unknown why="nobody else took part" /> : <Addr value={address} />);
