import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, hexOf, utf8 } from "./bytes.ts";
import {
  cidFromBytes, cidFromHex, cidOf, cidOfModelId, DAG_PB, isHashOf, makeCid, parseCid, PROBE, RAW,
  readLink, SHA2_256, verified,
} from "./cid.ts"; // prettier-ignore
import { vectors } from "./testing.ts";
import { decodeVarint, encodeVarint } from "./varint.ts";

const CASES = vectors("cid");

test("text and bytes lead to each other", () => {
  for (const { cid } of [...CASES.files, ...CASES.directories]) {
    const parsed = parseCid(cid);
    assert.equal(parsed.text, cid);
    assert.equal(cidFromBytes(parsed.bytes).text, cid);
    assert.equal(cidFromHex(hexOf(parsed.bytes)).text, cid);
  }
  assert.equal(PROBE.text, CASES.probe);
  assert.equal(parseCid(CASES.probe).digest.length, 0);
});

test("what is not accepted is refused and named", () => {
  for (const { text } of CASES.refused) {
    assert.throws(() => parseCid(text), (error: Error) => {
      assert.equal((error as { code?: string }).code, "spec.cid");
      return error.message.includes(text);
    });
  }
  const text = cidOf(utf8("x")).text;
  assert.throws(() => parseCid(`${text.slice(0, -1)}${text.endsWith("7") ? "6" : "7"}`), {
    code: "spec.cid",
  });
  assert.throws(() => cidFromBytes(new Uint8Array([1, 0x55])), { code: "spec.cid" });
  assert.throws(() => makeCid(DAG_PB, 0x1b, new Uint8Array(32)), { code: "spec.cid" });
});

test("a block is believed only if it has the hash", async () => {
  const small = utf8("hello world\n");
  const cid = parseCid(CASES.files[0].cid);
  assert.equal(cidOf(small).text, cid.text);
  assert.deepEqual(await verified(cid, small), small);
  await assert.rejects(verified(cid, utf8("hello world")), { code: "spec.block" });
  assert.ok(await isHashOf(PROBE, new Uint8Array(0)));
});

test("a model id is the keccak of the manifest", async () => {
  const empty = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
  const cid = cidOfModelId(empty);
  assert.equal(hexOf(cid.bytes), `0x01551b20${empty.slice(2)}`);
  assert.ok(await isHashOf(cid, new Uint8Array(0)));
  assert.ok(!(await isHashOf(cid, utf8("x"))));
});

test("links of older tools name the same block", () => {
  const digest = bytesOf("11".repeat(32));
  const [cid, end] = readLink(Uint8Array.from([0x12, 0x20, ...digest, 9]));
  assert.equal(end, 34);
  assert.equal(cid.text, makeCid(DAG_PB, SHA2_256, digest).text);
  assert.equal(readLink(makeCid(RAW, SHA2_256, digest).bytes)[0].codec, RAW);
});

test("varints are minimal", () => {
  for (const value of [0, 1, 127, 128, 300, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual(decodeVarint(Uint8Array.from(encodeVarint(value)))[0], value);
  }
  for (const bytes of [[], [0x80], [0x80, 0], Array(10).fill(0x80), Array(9).fill(0xff)]) {
    assert.throws(() => decodeVarint(Uint8Array.from(bytes)), { code: "spec" });
  }
  assert.throws(() => encodeVarint(-1), { code: "spec" });
});
