import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { checkBuild } from "./build.ts";

const SERVED: Record<string, string> = { "index.html": "<p>", "assets/b-1.js": "1", "assets/A-2.js": "2", "assets/B-1.js": "3" };
const hex = (text: string): string => createHash("sha256").update(text).digest("hex");
const get = async (name: string): Promise<Uint8Array> => new TextEncoder().encode(SERVED[name]);
const files = Object.fromEntries(Object.entries(SERVED).map(([name, text]) => [name, hex(text)]));

test("the hash is what sha256sum makes of the sorted files", async () => {
  const lines = ["assets/A-2.js", "assets/B-1.js", "assets/b-1.js", "index.html"].map((name) => `${hex(SERVED[name] ?? "")}  ${name}\n`);
  const found = await checkBuild({ build: "", files }, get, ["index.html"]);
  assert.deepEqual(found, { build: hex(lines.join("")), count: 4, wrong: [] });
});

test("a file that differs and a file that nobody listed are named", async () => {
  const found = await checkBuild({ build: "", files: { ...files, "assets/b-1.js": hex("other") } }, get, ["assets/evil.js"]);
  assert.deepEqual(found.wrong, ["assets/b-1.js", "assets/evil.js"]);
});
