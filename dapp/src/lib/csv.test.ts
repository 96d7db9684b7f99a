import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, csv } from "./csv.ts";

test("cells with separators are quoted, and quotes doubled", () => {
  assert.equal(csv(["a", "b"], [["x,y", 'he said "no"']]), 'a,b\r\n"x,y","he said ""no"""\r\n');
});

test("a text that a spreadsheet would run is made text", () => {
  assert.equal(cell("=1+1"), "'=1+1");
  assert.equal(cell("@cmd"), "'@cmd");
  assert.equal(cell("-5.25"), "-5.25");
  assert.equal(cell("-cmd"), "'-cmd");
});

test("amounts are exact numbers, which no separator splits", () => {
  assert.equal(cell(1_234_567n * 10n ** 18n + 1n), "1234567.000000000000000001");
  assert.equal(cell(-5n * 10n ** 17n), "-0.5");
});

test("hostile names cannot become formulas, whatever they begin with", () => {
  for (const name of ["=HYPERLINK(\"http://x\")", "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1", "-1.2.3", "-"]) {
    assert.match(cell(name), /^"?'/, name);
  }
});

test("missing is empty, not undefined", () => {
  assert.equal(cell(undefined), "");
  assert.equal(cell(0), "0");
});
