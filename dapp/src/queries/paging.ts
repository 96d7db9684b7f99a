/**
 * A list that is read page by page and kept up to date with one or two requests, however long it grew.
 *
 * Pages are ordered by where their rows were born in the chain, newest first, so rows are added in front and
 * never between. Each time the newest page is read and, in turn, one of the older parts: a row of those may
 * still change its state.
 */
import type { Page } from "./rows.ts";

export interface Born {
  born: number | string;
}

/** Rows that follow one another. */
export interface Part<T> {
  /** The cursor that they follow; undefined for the newest. */
  from: string | undefined;
  items: T[];
}

export interface Held<T> {
  parts: Part<T>[];
  /** The cursor of what was not read yet; null at the end. */
  next: string | null;
  /** Counts the times that it was read, for whose turn it is. */
  turn: number;
}

/** As many rows as the service answers at once. */
export const PART_ROWS_MAX = 200;

type AskPage<T> = (from: string | undefined, limit?: number) => Promise<Page<T>>;
type KeyOf<T> = keyof T & string;

const started = <T>(page: Page<T>): Held<T> => ({ parts: [{ from: undefined, items: page.items }], next: page.next, turn: 0 });

/**
 * Read what may be new.
 *
 * @param look tells what is held; asked again after the answers, since rows may be added below meanwhile.
 */
export async function readAgain<T extends Born>(look: () => Held<T> | undefined, askPage: AskPage<T>, key: KeyOf<T>): Promise<Held<T>> {
  const before = look();
  const due = before && partDue(before);
  const [fresh, again] = await Promise.all([newestPages(before, askPage), due && askPage(due.from, due.items.length)]);
  const now = look();
  if (now === undefined) return started(fresh[0] as Page<T>);
  const held = withNewest(now, fresh, key);
  return { ...(again ? withPart(held, due?.from, again, key) : held), turn: now.turn + 1 };
}

/** The older part whose turn it is. */
export function partDue<T>({ parts, turn }: Held<T>): Part<T> | undefined {
  return parts.length > 1 ? parts[1 + (turn % (parts.length - 1))] : undefined;
}

/** Pages from the newest on, until they reach what is held. */
async function newestPages<T extends Born>(held: Held<T> | undefined, askPage: AskPage<T>): Promise<Page<T>[]> {
  const found = [await askPage(undefined)];
  const newest = held && held.parts.length > 1 ? held.parts[0]?.items[0] : undefined;
  for (let page = found[0]; newest && page?.next && isOlder(newest, page.items.at(-1)); ) {
    page = await askPage(page.next);
    found.push(page);
  }
  return found;
}

/** Put newest pages, which reach what is held, before it. A list of one page is just its newest. */
export function withNewest<T extends Born>(held: Held<T>, fresh: readonly Page<T>[], key: KeyOf<T>): Held<T> {
  const after = fresh.at(-1)?.next ?? null;
  const parts = fresh.map((page, index) => ({ from: fresh[index - 1]?.next ?? undefined, items: page.items }));
  if (held.parts.length === 1 || after === null) return { parts, next: after, turn: held.turn };
  const last = parts.at(-1)?.items.at(-1);
  const seen = new Set(parts.flatMap(({ items }) => items.map((row) => row[key])));
  const older = held.parts.flatMap((part): Part<T>[] => {
    if (isOlder(part.items[0], last)) return [part];
    const items = part.items.filter((row) => !isOlder(last, row) && !seen.has(row[key]));
    return items.length === 0 ? [] : [{ from: after, items }];
  });
  const isCut = older[0] !== undefined && !held.parts.includes(older[0]);
  return { parts: [...parts, ...(isCut ? joined(older) : older)], next: held.next, turn: held.turn };
}

/** What newer rows pushed out of the first page goes to the part below it, while that stays one request. */
function joined<T>([first, second, ...rest]: Part<T>[]): Part<T>[] {
  if (first === undefined || second === undefined) return first ? [first] : [];
  if (first.items.length + second.items.length > PART_ROWS_MAX) return [first, second, ...rest];
  return [{ from: first.from, items: [...first.items, ...second.items] }, ...rest];
}

/** Replace a part by what it is now; what follows it stays where it is. */
export function withPart<T extends Born>(held: Held<T>, from: string | undefined, page: Page<T>, key: KeyOf<T>): Held<T> {
  const index = held.parts.findIndex((part) => part.from === from);
  const part = held.parts[index];
  if (index < 1 || part === undefined) return held;
  const following = new Set(held.parts[index + 1]?.items.map((row) => row[key]));
  const items = page.items.filter((row) => !isOlder(row, part.items.at(-1)) && !following.has(row[key]));
  return { ...held, parts: held.parts.toSpliced(index, 1, ...(items.length === 0 ? [] : [{ from, items }])) };
}

/** Add the page that follows a cursor, if it is still the next. */
export function withMore<T extends Born>(held: Held<T>, from: string, page: Page<T>, key: KeyOf<T>): Held<T> {
  if (held.next !== from) return held;
  const there = new Set(held.parts.at(-1)?.items.map((row) => row[key]));
  const items = page.items.filter((row) => !there.has(row[key]));
  return { ...held, parts: items.length === 0 ? held.parts : [...held.parts, { from, items }], next: page.next };
}

const isOlder = (row: Born | undefined, than: Born | undefined): boolean => row !== undefined && than !== undefined && BigInt(row.born) < BigInt(than.born);
