import assert from "node:assert/strict";
import { before, test } from "node:test";
import { EMPTY, join, same, utf8, type Bytes } from "./bytes.ts";
import { carOfFile, chunksOf, encodeCarHeader, encodeCarSection, fileOfCar, readCar } from "./car.ts";
import { cidOf, DAG_PB, parseCid } from "./cid.ts";
import { encodeNode } from "./dagpb.ts";
import { PythonRandom, vectors } from "./testing.ts";
import { cidOfContent, cidOfFile, FileTree, readFile, V0_2015, V1_2025, type Profile } from "./unixfs.ts";

const PROFILES: Profile[] = [V0_2015, V1_2025];
const SMALL: Profile = { name: "small", chunkBytes: 10, maxLinks: 3 };
const FILES = new Map<string, Blob>([
  ["small", new Blob(["hello world\n"])],
  ["empty", new Blob([])],
]);

before(() => {
  const draw = new PythonRandom(1);
  const pieces = Array.from({ length: 100 }, () => draw.randbytes(1 << 20));
  FILES.set("f100", new Blob(pieces));
  FILES.set("f1", new Blob([draw.randbytes(1 << 20)]));
  FILES.set("f3", new Blob([draw.randbytes(3 * (1 << 20) + 12_345)]));
});

async function* once(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

test("files have the CIDs that Kubo gives them", async () => {
  for (const { name, profile, cid } of vectors("cid").files) {
    if (name === "f100" && profile === V0_2015.name) continue; // four hundred leaves say no more
    const found = await cidOfFile(FILES.get(name)!, {
      profile: PROFILES.find((one) => one.name === profile)!,
    });
    assert.equal(found.cid.text, cid, `${name} ${profile}`);
    assert.equal(found.fileSize, FILES.get(name)!.size);
  }
});

test("hashing tells its progress and stops when asked", async () => {
  const told: number[] = [];
  await cidOfFile(FILES.get("f3")!, { onProgress: (done) => told.push(done) });
  assert.deepEqual(told, [1 << 20, 2 << 20, 3 << 20, FILES.get("f3")!.size]);
  const stop = new AbortController();
  const run = cidOfFile(FILES.get("f3")!, { signal: stop.signal, onProgress: () => stop.abort() });
  await assert.rejects(run, { name: "AbortError" });
});

test("an archive of a file gives back the file, in pieces of any size", async () => {
  for (const size of [0, 5, 10, 11, 30, 31, 91, 400]) {
    const data = new PythonRandom(size + 1).randbytes(size);
    const { cid, car } = await carOfFile(new Blob([data]), { profile: SMALL });
    const bytes = new Uint8Array(await car.arrayBuffer());
    const cuts = [...Array(Math.ceil(bytes.length / 7)).keys()];
    const pieces = cuts.map((at) => bytes.subarray(7 * at, 7 * at + 7));
    assert.deepEqual(await fileOfCar(once(...pieces), cid, 400), data);
    if (size > 20) {
      const limit = { code: "storage.too_large" };
      await assert.rejects(fileOfCar(once(bytes), cid, size - 1), limit);
    }
  }
});

test("repeated leaves stand in an archive once", async () => {
  const zeros = new Uint8Array(100);
  const { cid, car } = await carOfFile(new Blob([zeros]), { profile: SMALL });
  const names: string[] = [];
  for await (const { cid: one } of readCar(chunksOf(car.stream()))) names.push(one.text);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(await fileOfCar(chunksOf(car.stream()), cid, 100), zeros);
});

test("a changed byte, a missing block and a cut archive are refused", async () => {
  const { cid, car } = await carOfFile(FILES.get("f3")!);
  const bytes = new Uint8Array(await car.arrayBuffer());
  const changed = bytes.slice();
  changed[changed.length >> 1]! ^= 1;
  const max = 1 << 23;
  await assert.rejects(fileOfCar(once(changed), cid, max), { code: "spec.block" });
  await assert.rejects(fileOfCar(once(bytes.subarray(0, -9)), cid, max), { code: "spec.car" });
  const lacking = once(encodeCarHeader(cid), encodeCarSection(cidOf(EMPTY), EMPTY));
  await assert.rejects(fileOfCar(lacking, cid, max), { code: "storage.not_found" });
  await assert.rejects(fileOfCar(once(utf8("<html>")), cid, max), { code: "spec.car" });
  await assert.rejects(fileOfCar(once(), cid, max), { code: "spec.car" });
});

test("nodes that lie about sizes are refused", async () => {
  const leaf = utf8("0123456789");
  const node = (...fields: number[]): Bytes => {
    const links = [{ cid: cidOf(leaf), name: EMPTY, totalSize: 10 }];
    return encodeNode({ links, data: Uint8Array.from(fields) });
  };
  const lies = [
    node(8, 2, 24, 9, 32, 9), // the leaf has ten
    node(8, 2, 24, 11, 32, 10), // they do not add up
    node(8, 2, 24, 10), // a size is missing
    node(8, 1), // a directory
    node(8, 4), // a symbolic link
    node(24, 10, 32, 10), // no type
  ];
  for (const block of lies) {
    const blocks = new Map([block, leaf].map((one, at) => [cidOf(one, at ? 0x55 : DAG_PB).text, one]));
    const read = async (): Promise<void> => {
      for await (const _ of readFile(cidOf(block, DAG_PB), async (cid) => blocks.get(cid.text)!, 99));
    };
    await assert.rejects(read(), { code: "spec.block" });
  }
});

test("a tree needs a leaf, and one leaf is its own root", async () => {
  assert.throws(() => new FileTree(SMALL, () => undefined).finish(), { code: "spec" });
  const { cid } = await cidOfContent(utf8("hello world\n"));
  assert.equal(cid.text, parseCid(vectors("cid").files[0].cid).text);
  assert.ok(same(join(utf8("a"), utf8("b")), utf8("ab")));
});
