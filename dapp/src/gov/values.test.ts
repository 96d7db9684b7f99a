import assert from "node:assert/strict";
import { test } from "node:test";
import { PARAMETERS, WORDS, parameterOf, stepOf, unpack } from "./params.ts";
import { bigints, made } from "./testing.ts";
import { formatValue, parseValue } from "./values.ts";

const TWIN = made("values");

test("texts are read as the command line reads them, with their unit or not at all", () => {
  for (const [unit, text, value] of TWIN.read) {
    assert.equal(parseValue(text, unit)?.toString() ?? null, value, `${text} as ${unit}`);
  }
});

test("values are written as the command line writes them, and read back", () => {
  for (const [key, value, text] of TWIN.written) {
    const unit = parameterOf(key)?.unit ?? "";
    assert.equal(formatValue(BigInt(value), unit), text);
    assert.equal(parseValue(text, unit), BigInt(value));
  }
});

test("packed words are read as the contract packs them", () => {
  const { values, words } = made("words");
  assert.deepEqual(unpack(words.map(BigInt)), bigints(values));
});

test("every parameter stands in a word, and eight steps lead from bound to bound", () => {
  assert.equal(WORDS.length, 8);
  for (const parameter of PARAMETERS) {
    assert.ok(parameter.min <= parameter.default && parameter.default <= parameter.max);
    assert.ok(stepOf(parameter) * 8n >= parameter.max - parameter.min);
  }
  assert.equal(parameterOf("maxRuntimeMaxS"), undefined);
});
