/** Who has tokens behind a provider. */
import type { ReactElement } from "react";
import { Link } from "react-router";
import { Addr, Amount, Card } from "../../components/basics";
import { Ask, Empty, SourceNote } from "../../components/states";
import { type Column, ListFoot, Table } from "../../components/table";
import { sameAddress } from "../../hire/draft";
import { wei } from "../../lib/api";
import { share } from "../../lib/format";
import { type Delegator, useDelegators } from "../../queries/records";
import { useAccount } from "../../wallet/gate";

export function DelegatorsCard({ provider }: { provider: string }): ReactElement {
  const list = useDelegators(provider, true);
  const you = useAccount();
  const rows = list.data?.items ?? [];
  const all = rows.reduce((sum, row) => sum + wei(row.staked_wei), 0n);
  const columns: readonly Column<Delegator>[] = [
    { label: "Delegator", render: (row) => <Addr value={row.delegator} you={sameAddress(row.delegator, you)} />, csv: (row) => row.delegator },
    { label: "Delegated", num: true, render: (row) => <Amount wei={wei(row.staked_wei)} />, order: (row) => wei(row.staked_wei), csv: (row) => wei(row.staked_wei) },
    { label: "Of all", num: true, render: (row) => share(wei(row.staked_wei), all) ?? "0 %", csv: (row) => share(wei(row.staked_wei), all) },
    { label: "On its way out", num: true, render: (row) => <Amount wei={wei(row.leaving_wei)} />, order: (row) => wei(row.leaving_wei), csv: (row) => wei(row.leaving_wei) },
  ];
  return (
    <Card title="Delegators" aside={<SourceNote source="index" updatedAt={list.dataUpdatedAt} />} flush>
      <Ask asked={list} what="delegators" isEmpty={() => rows.length === 0} empty={<Empty action={<Link to={`/stake?provider=${provider}`} className="button">Delegate to it</Link>}>Nobody has delegated to it.</Empty>}>
        {() => <Table caption="Delegators" rows={rows} columns={columns} keyOf={(row) => row.delegator} />}
      </Ask>
      <ListFoot rows={rows} columns={columns} name="delegators" />
    </Card>
  );
}
