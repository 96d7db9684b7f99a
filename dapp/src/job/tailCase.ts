/**
 * One operator of a tail with its inputs: what every rule reads attributes and inputs through.
 *
 * Place: between `tail` and its rules. Twin of `Case` in `neurovoyance.verification.operators.base`.
 */

import { axisOf, cannot, type Nd } from "./nd.ts";

export type Attribute = number | string | readonly number[] | Nd;

/** One operator with its inputs; null is an omitted optional one. */
export class Case {
  readonly op: string;
  readonly inputs: readonly (Nd | null)[];
  readonly outputs: number;
  readonly opset: number;
  readonly #attributes: ReadonlyMap<string, Attribute>;

  constructor(
    op: string,
    inputs: readonly (Nd | null)[],
    outputs: number,
    opset: number,
    attributes: ReadonlyMap<string, Attribute>,
  ) {
    this.op = op;
    this.inputs = inputs;
    this.outputs = outputs;
    this.opset = opset;
    this.#attributes = attributes;
  }

  /** Return an input, or null if it is omitted. */
  get(position: number): Nd | null {
    return this.inputs[position] ?? null;
  }

  /** Return an input that has to be there. */
  need(position: number): Nd {
    const found = this.get(position);
    if (!found) throw cannot(`input ${position} of ${this.op} is missing`);
    return found;
  }

  /** Return an input that has to be a float. */
  needFloat(position = 0): Nd {
    const found = this.need(position);
    if (!found.dtype.includes("float")) throw cannot(`${this.op} on ${found.dtype} has no rule`);
    return found;
  }

  /** Return the inputs that are not omitted, all of one dtype. */
  present(): Nd[] {
    const found = this.inputs.filter((one) => one !== null);
    if (!found.length || found.some((one) => one.dtype !== found[0]!.dtype)) {
      throw cannot(`${this.op} of these dtypes has no rule`);
    }
    return found;
  }

  /** Return a small integer input as a list, or null if it is omitted. */
  ints(position: number): number[] | null {
    const found = this.get(position);
    if (!found) return null;
    const isWhole = ["int32", "int64", "uint8"].includes(found.dtype);
    if (!isWhole || found.data.length > 4_096) {
      throw cannot(`input ${position} of ${this.op} lists no integers`);
    }
    return [...found.data];
  }

  /** Return axes given as an input from opset `since` on and as an attribute before. */
  axes(position: number, rank: number, since: number): number[] | null {
    const axes = this.opset >= since ? this.ints(position) : this.list("axes");
    return axes && axes.map((axis) => axisOf(axis, rank));
  }

  /** Return an integer or real attribute, or its default. */
  number(name: string, otherwise: number): number {
    const value = this.#attributes.get(name);
    return typeof value === "number" ? value : otherwise;
  }

  /** Return an attribute that lists integers, or null. */
  list(name: string): number[] | null {
    const value = this.#attributes.get(name);
    return Array.isArray(value) ? [...value] : null;
  }

  /** Return an attribute that is an array, or null. */
  array(name: string): Nd | null {
    const value = this.#attributes.get(name);
    return typeof value === "object" && "data" in value ? value : null;
  }

  /** Return whether an attribute is there. */
  has(name: string): boolean {
    return this.#attributes.has(name);
  }
}

/** Gives the outputs of an operator. */
export type RuleOf = (one: Case) => Nd[];
