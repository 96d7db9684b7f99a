/** Tables: cards on phones, thousands of rows without slowing down, and their content as CSV. */
import { type Range, defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactElement, type ReactNode, memo, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { csv, saveFile } from "../lib/csv";
import { Button } from "./basics";
import { Icon } from "./icons";

export interface Column<T> {
  label: string;
  render: (row: T) => ReactNode;
  /** Right-aligned figures. */
  num?: boolean;
  /** Plain value for the CSV file, a bigint is wei; without it the column is left out there. */
  csv?: (row: T) => string | number | bigint | undefined;
  /** What the column sorts by, ascending; undefined is last in both directions. Without it the column does not sort. */
  order?: (row: T) => number | bigint | string | undefined;
}

interface TableProps<T> {
  rows: readonly T[];
  columns: readonly Column<T>[];
  keyOf: (row: T) => string;
  /** Names the table for readers of its structure. */
  caption: string;
}

interface Sorting {
  label: string;
  isDown: boolean;
}

/** Rows beyond this are drawn only while they are near the window. */
const WHOLE_ROWS = 100;
const OVERSCAN_ROWS = 8;
/** A guess until the first row is drawn. */
const ROW_PX = 36;

export function Table<T>(props: TableProps<T>): ReactElement {
  const [sorting, setSorting] = useState<Sorting>();
  const { rows, columns } = props;
  const sorted = useMemo(() => inOrder(rows, columns, sorting), [rows, columns, sorting]);
  const frame = { ...props, rows: sorted, sorting, onSort: setSorting };
  if (rows.length > WHOLE_ROWS) return <LongTable {...frame} />;
  return <Frame {...frame} body={sorted.map((row) => <Row key={props.keyOf(row)} row={row} columns={columns as readonly Column<unknown>[]} />)} />;
}

function inOrder<T>(rows: readonly T[], columns: readonly Column<T>[], sorting: Sorting | undefined): readonly T[] {
  const order = sorting && columns.find(({ label }) => label === sorting.label)?.order;
  if (sorting === undefined || order === undefined) return rows;
  const keyed = rows.map((row) => ({ row, key: order(row) }));
  const sign = sorting.isDown ? -1 : 1;
  keyed.sort(({ key: a }, { key: b }) => (a === undefined || b === undefined ? Number(a === undefined) - Number(b === undefined) : a === b ? 0 : a < b ? -sign : sign));
  return keyed.map(({ row }) => row);
}

interface FrameProps<T> extends TableProps<T> {
  sorting: Sorting | undefined;
  onSort: (sorting: Sorting | undefined) => void;
}

function Frame<T>({ columns, caption, body, count, sorting, onSort }: FrameProps<T> & { body: ReactNode; count?: number }): ReactElement {
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={caption}>
      <table className="data data-cards" aria-rowcount={count}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr aria-rowindex={count && 1}>
            {columns.map((column) => (
              <Head key={column.label} column={column} isDown={sorting?.label === column.label ? sorting.isDown : undefined} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>{body}</tbody>
      </table>
    </div>
  );
}

/** Largest first, smallest first, as it came: each press the next of these. */
function Head<T>({ column: { label, num, order }, isDown, onSort }: { column: Column<T>; isDown: boolean | undefined; onSort: (sorting: Sorting | undefined) => void }): ReactElement {
  const next = isDown === undefined ? { label, isDown: true } : isDown ? { label, isDown: false } : undefined;
  return (
    <th scope="col" className={num ? "num" : undefined} aria-sort={isDown === undefined ? undefined : isDown ? "descending" : "ascending"}>
      {order === undefined ? (
        label
      ) : (
        <button type="button" className="hover:text-ink" onClick={() => onSort(next)}>
          {label}
          <span aria-hidden="true"> {isDown === undefined ? "↕" : isDown ? "↓" : "↑"}</span>
        </button>
      )}
    </th>
  );
}

interface RowProps {
  row: unknown;
  columns: readonly Column<unknown>[];
  index?: number;
  measure?: (element: Element | null) => void;
}

/** Scrolling moves a table's window by a row or two; the others stay as they are. */
const Row = memo(function Row({ row, columns, index, measure }: RowProps): ReactElement {
  return (
    // The header is row 1 to whoever counts.
    <tr ref={measure} data-index={index} aria-rowindex={index === undefined ? undefined : index + 2}>
      {columns.map((column) => (
        <td key={column.label} data-label={column.label} className={column.num ? "num" : undefined}>
          {column.render(row)}
        </td>
      ))}
    </tr>
  );
});

function LongTable<T>(props: FrameProps<T>): ReactElement {
  const { rows, columns, keyOf } = props;
  const top = useRef<HTMLDivElement>(null);
  const focused = useRef<number>(undefined);
  const [offset, setOffset] = useState(0);
  // A row that has the focus stays while it is scrolled away: whoever uses the keyboard goes on from there.
  const extract = useCallback((range: Range): number[] => {
    const shown = defaultRangeExtractor(range);
    const kept = focused.current;
    return kept === undefined || kept >= range.count || shown.includes(kept) ? shown : [...shown, kept].sort((a, b) => a - b);
  }, []);
  const rowPx = useRef(ROW_PX);
  const virtual = useWindowVirtualizer({ count: rows.length, estimateSize: () => rowPx.current, overscan: OVERSCAN_ROWS, scrollMargin: offset, rangeExtractor: extract });
  const items = virtual.getVirtualItems();
  const hasDrawn = items.length > 0;
  // The rows that nobody has seen are taken to be as high as the first one, be it a line or a card.
  useLayoutEffect(() => {
    const row = top.current?.querySelector("tr[data-index]");
    if (!top.current || !row) return;
    setOffset(row.getBoundingClientRect().top + window.scrollY);
    rowPx.current = row.getBoundingClientRect().height;
    virtual.measure();
  }, [virtual, hasDrawn]);
  const body: ReactNode[] = [];
  let end = offset;
  for (const item of items) {
    const row = rows[item.index];
    if (row === undefined) continue;
    if (item.start > end) body.push(<Gap key={`gap-${body.length}`} px={item.start - end} columns={columns.length} />);
    body.push(<Row key={keyOf(row)} row={row} columns={columns as readonly Column<unknown>[]} index={item.index} measure={virtual.measureElement} />);
    end = item.end;
  }
  const rest = virtual.getTotalSize() + offset - end;
  if (rest > 0) body.push(<Gap key="rest" px={rest} columns={columns.length} />);
  const indexOf = (element: Element): number | undefined => {
    const index = element.closest("tr")?.dataset.index;
    return index === undefined ? undefined : Number(index);
  };
  return (
    <div ref={top} onFocus={(event) => (focused.current = indexOf(event.target))} onBlur={() => (focused.current = undefined)}>
      <Frame {...props} body={body} count={rows.length + 1} />
    </div>
  );
}

const Gap = ({ px, columns }: { px: number; columns: number }): ReactElement => (
  <tr aria-hidden="true">
    <td colSpan={columns} style={{ height: px, padding: 0, border: 0 }} />
  </tr>
);

/** Below a list: more rows, and the rows that are here as a file. */
export function ListFoot<T>({ rows, columns, name, more, isCut = false }: ListFootProps<T>): ReactElement | null {
  if (rows.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center justify-between gap-2 border-t border-line px-4 py-2 text-ink-2">
      <span>
        {rows.length.toLocaleString("en-US")} {more?.hasNextPage || isCut ? "newest" : "in all"}
      </span>
      <span className="flex gap-2">
        {more?.hasNextPage && (
          <Button onClick={() => void more.fetchNextPage()} busy={more.isFetchingNextPage}>
            Show more
          </Button>
        )}
        <CsvButton rows={rows} columns={columns} name={name} />
      </span>
    </div>
  );
}

interface ListFootProps<T> extends CsvProps<T> {
  more?: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  /** There are more, on another page. */
  isCut?: boolean;
}

interface CsvProps<T> {
  rows: readonly T[];
  columns: readonly Column<T>[];
  /** Of the file, without its ending. */
  name: string;
}

/** The rows that are here as a file; nothing where no column has a plain value. */
export function CsvButton<T>({ rows, columns, name }: CsvProps<T>): ReactElement | null {
  const shown = columns.filter((column) => column.csv);
  if (shown.length === 0) return null;
  return (
    <Button kind="quiet" onClick={() => saveFile(`${name}.csv`, csv(shown.map((column) => column.label), rows.map((row) => shown.map((column) => column.csv?.(row)))), "text/csv;charset=utf-8")}>
      <Icon name="download" /> CSV
    </Button>
  );
}
