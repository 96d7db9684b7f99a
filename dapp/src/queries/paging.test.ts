import assert from "node:assert/strict";
import { test } from "node:test";
import { type Held, readAgain, withMore } from "./paging.ts";
import type { Page } from "./rows.ts";

interface Row {
  id: string;
  born: number;
  state: string;
}

const PAGE_ROWS = 50;

/** A list as the service keeps it, newest first, which counts what it is asked. */
class Service {
  rows: Row[] = [];
  asked = 0;
  /** The newest page is answered after this. */
  gate: Promise<void> = Promise.resolve();
  #born = 0;

  add(count: number, perEvent = 1): void {
    for (let made = 0; made < count; made += 1) {
      if (made % perEvent === 0) this.#born += 1;
      this.rows.push({ id: `r${String(this.rows.length).padStart(6, "0")}`, born: this.#born, state: "new" });
    }
    this.rows.sort((a, b) => b.born - a.born || (a.id < b.id ? 1 : -1));
  }

  ask = async (from: string | undefined, limit = PAGE_ROWS): Promise<Page<Row>> => {
    this.asked += 1;
    const start = from === undefined ? 0 : this.rows.findIndex((row) => `${row.born}:${row.id}` === from) + 1;
    const items = this.rows.slice(start, start + limit).map((row) => ({ ...row }));
    const last = items.at(-1);
    if (from === undefined) await this.gate;
    return { items, next: last && start + limit < this.rows.length ? `${last.born}:${last.id}` : null };
  };
}

/** A page that shows a list. */
class Shown {
  held: Held<Row> | undefined;
  readonly service: Service;

  constructor(service: Service) {
    this.service = service;
  }

  async again(): Promise<number> {
    const before = this.service.asked;
    this.held = await readAgain(() => this.held, this.service.ask, "id");
    return this.service.asked - before;
  }

  async more(): Promise<void> {
    const from = this.held?.next;
    if (this.held && from) this.held = withMore(this.held, from, await this.service.ask(from), "id");
  }

  async all(): Promise<void> {
    await this.again();
    while (this.held?.next) await this.more();
  }

  get rows(): Row[] {
    return this.held?.parts.flatMap(({ items }) => items) ?? [];
  }
}

test("ten thousand rows are kept up to date with two requests each time", async () => {
  const service = new Service();
  service.add(10_000);
  const shown = new Shown(service);
  await shown.all();
  assert.equal(service.asked, 200);
  for (let round = 0; round < 300; round += 1) {
    service.add(round % 4);
    assert.ok((await shown.again()) <= 2);
    assert.deepEqual(shown.rows.map(({ id }) => id), service.rows.map(({ id }) => id));
  }
});

test("a row far below is told anew once its turn came", async () => {
  const service = new Service();
  service.add(1_000);
  const shown = new Shown(service);
  await shown.all();
  for (const row of service.rows) row.state = "done";
  for (let round = 0; round < 20; round += 1) await shown.again();
  assert.deepEqual(new Set(shown.rows.map(({ state }) => state)), new Set(["done"]));
});

test("one page alone is one request, and stays one page", async () => {
  const service = new Service();
  service.add(500);
  const shown = new Shown(service);
  for (let round = 0; round < 3; round += 1) {
    assert.equal(await shown.again(), 1);
    assert.deepEqual(shown.rows, service.rows.slice(0, PAGE_ROWS));
    service.add(7);
  }
});

test("more news than a page are read until they meet what is there", async () => {
  const service = new Service();
  service.add(300);
  const shown = new Shown(service);
  await shown.all();
  service.add(120);
  assert.equal(await shown.again(), 4);
  assert.deepEqual(shown.rows, service.rows);
});

test("rows of one event that a page's end divides are neither lost nor doubled", async () => {
  const service = new Service();
  service.add(400, 7);
  const shown = new Shown(service);
  await shown.all();
  for (let round = 0; round < 30; round += 1) {
    service.add(round % 3 === 0 ? 7 : 0, 7);
    await shown.again();
    assert.deepEqual(shown.rows, service.rows);
  }
});

test("what was taken back goes, above and below", async () => {
  const service = new Service();
  service.add(300);
  const shown = new Shown(service);
  await shown.all();
  service.rows = service.rows.filter((_, index) => index % 3 !== 0 || index % 50 === 49);
  for (let round = 0; round < 6; round += 1) await shown.again();
  assert.deepEqual(shown.rows, service.rows);
});

test("rows that come below while the newest are read stay", async () => {
  const service = new Service();
  service.add(200);
  const shown = new Shown(service);
  await shown.again();
  await shown.more();
  let open = (): void => undefined;
  service.gate = new Promise((done) => (open = done));
  const slow = shown.again();
  await shown.more();
  open();
  await slow;
  assert.deepEqual(shown.rows.slice(0, 3 * PAGE_ROWS), service.rows.slice(0, 3 * PAGE_ROWS));
});
