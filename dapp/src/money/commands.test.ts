import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST_CHOICES, linesOf } from "./commands.ts";

const commands = (change: Partial<typeof FIRST_CHOICES>, isDev = false): string[] => linesOf({ ...FIRST_CHOICES, ...change }, isDev).map(({ command }) => command);

test("choices change the commands and nothing else", () => {
  assert.ok(commands({}).includes("neurovoyance node init --idle"));
  assert.ok(commands({ isIdle: false, stake: "1,500.5" }).includes("neurovoyance node init --always --stake 1500.5"));
  assert.equal(commands({ isVolunteer: true }).at(-1), "neurovoyance node lend volunteer");
  assert.ok(!commands({}).some((command) => command.includes("lend")));
});

test("on a devnet every command has its own folder", () => {
  for (const command of commands({ isVolunteer: true }, true).slice(1)) assert.ok(command.endsWith(" --home ~/lender"), command);
});

test("what is pasted into a shell is one word, whatever was typed", () => {
  assert.ok(commands({ invitation: "~/a b'; rm -rf x" }).includes("neurovoyance join '~/a b'\\''; rm -rf x'"));
  assert.ok(commands({ invitation: " https://example.org/i.json " }).includes("neurovoyance join https://example.org/i.json"));
  assert.ok(commands({ stake: "1; x" }).includes("neurovoyance node init --idle"));
});
