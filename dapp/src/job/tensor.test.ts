import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, hexOf, utf8, type Bytes } from "./bytes.ts";
import { decodeTensor, decodeTensors, encodeTensor, encodeTensors, outputRoot, rootOf, tensorHash } from "./canonical.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { DTYPES, fromHalf, hasNonFinite, numbersOf, tensorOf, toBrain, toHalf, valuesOf, type DType } from "./tensor.ts";
import { made, vectors } from "./testing.ts";

const CASES = vectors("canonical");
const NAMES: Record<string, DType> = { fp32: "float32", fp16: "float16", bf16: "bfloat16" };

test("canonical bytes and hashes are those of the Python side", async () => {
  for (const { dtype, shape, data, canonical, blake3 } of CASES.tensors) {
    const tensor = { dtype: NAMES[dtype] ?? dtype, shape, bytes: bytesOf(data) };
    assert.equal(hexOf(encodeTensor(tensor)), `0x${canonical}`);
    assert.equal(await tensorHash(tensor), `0x${blake3}`);
    const [back, end] = decodeTensor(bytesOf(canonical));
    assert.equal(end, canonical.length / 2);
    assert.deepEqual([back.dtype, back.shape], [tensor.dtype, shape]);
    assert.equal(hexOf(encodeTensor(back)), `0x${canonical}`);
  }
});

test("what no encoder writes is refused", () => {
  for (const { name, bytes } of CASES.rejected) {
    assert.throws(() => decodeTensor(bytesOf(bytes)), { code: "spec" }, name);
  }
});

test("roots are those of the contracts", async () => {
  for (const { hashes, root } of CASES.output_roots) {
    assert.equal(outputRoot(hashes.map((one: string) => `0x${one}`)), `0x${root}`);
  }
  const tensors = CASES.tensors.slice(0, 2).map((one: any) => decodeTensor(bytesOf(one.canonical))[0]);
  assert.equal(await rootOf(tensors), `0x${CASES.output_roots[1].root}`);
});

test("tensors stand one after the other, without bytes left over", () => {
  const tensors = [tensorOf("uint8", [3], [1, 2, 3]), tensorOf("float32", [2], [1, -0])];
  const data = encodeTensors(tensors);
  assert.deepEqual(decodeTensors(data).map((one) => [...numbersOf(one)]), [[1, 2, 3], [1, -0]]);
  assert.throws(() => decodeTensors(data.slice(0, -1)), { code: "spec" });
});

test("16-bit floats round as numpy does", () => {
  for (const [value, half, brain] of made("floats")) {
    assert.equal(toHalf(Number(value)), half, value);
    assert.equal(toBrain(Number(value)), brain, value);
  }
  for (let word = 0; word < 0x7c00; word += 7) assert.equal(toHalf(fromHalf(word)), word);
});

test("numbers that do not fit a dtype are refused", () => {
  for (const [dtype, value] of [
    ["int32", 2 ** 31],
    ["uint8", -1],
    ["bool", 2],
    ["uint8", 0.5],
    ["int64", 2n ** 63n],
    ["int64", 1.5],
  ] as const) {
    assert.throws(() => tensorOf(dtype, [1], [value]), { code: "spec.input" });
  }
  assert.throws(() => tensorOf("float32", [2], [1]), /has 2 elements, not 1/);
  assert.ok(hasNonFinite(tensorOf("float16", [1], [1e9])));
  assert.ok(!hasNonFinite(tensorOf("int64", [1], [7n])));
});

test("safetensors files are byte for byte those of the library", () => {
  const { file, tensors } = made("safetensors");
  const given = new Map(
    tensors.map(([name, dtype, shape, values]: [string, DType, number[], number[]]) => [
      name,
      tensorOf(dtype, shape, values),
    ]),
  );
  assert.equal(hexOf(writeSafetensors(given as never)), `0x${file}`);
  const back = readSafetensors(bytesOf(file));
  assert.deepEqual([...back.keys()].sort(), [...given.keys()].sort());
  for (const [name, dtype, shape, values] of tensors) {
    const found = back.get(name)!;
    assert.deepEqual([found.dtype, found.shape], [dtype, shape]);
    assert.deepEqual([...numbersOf(found)], values);
    assert.equal(valuesOf(found).length, values.length);
  }
  assert.deepEqual(new Set([...back.values()].map((one) => one.dtype)), new Set(DTYPES));
});

test("files of strangers cannot harm", () => {
  const file = (header: string, size = 4, length = header.length): Bytes => {
    const out = new Uint8Array(8 + header.length + size);
    new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
    out.set(utf8(header), 8);
    return out;
  };
  const one = (text: string): string => `{"x":${text}}`;
  const bad: Bytes[] = [
    new Uint8Array(3),
    file("{}", 0, 2 ** 40),
    file("{}", 0, 9),
    file("[]", 0),
    file("{nope", 0),
    file("{}", 1),
    file(one('{"dtype":"F64","shape":[1],"data_offsets":[0,4]}')),
    file(one('{"dtype":"F32","shape":[1],"data_offsets":[0,8]}')),
    file(one('{"dtype":"F32","shape":[1],"data_offsets":[4,8]}'), 8),
    file(one('{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}')),
    file(one('{"dtype":"F32","shape":[9007199254740991,9007199254740991],"data_offsets":[0,4]}')),
    file(one('{"dtype":"F32","shape":[1]}')),
    file(one("null")),
  ];
  for (const data of bad) assert.throws(() => readSafetensors(data), { code: "spec.input" });
  assert.equal(readSafetensors(file('{"__metadata__":{"a":"b"}}', 0)).size, 0);
});
