/** What tests share: the repository's vectors. Never imported by a page. */

import { readFileSync } from "node:fs";

/** Return one of `tests/vectors/*.json`. */
export function vectors(name: string): any {
  return read(`../../../tests/vectors/${name}.json`);
}

/** Return one of the files beside the tests that a Python twin wrote, see `vectors/make.py`. */
export function made(name: string): any {
  return read(`./vectors/${name}.json`);
}

function read(path: string): any {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf-8"));
}

/** Python's `random.Random(seed)`, as far as `randbytes` goes (MT19937). */
export class PythonRandom {
  readonly #state = new Uint32Array(624);
  #at = 624;

  constructor(seed: number) {
    const mt = this.#state;
    mt[0] = 19650218;
    for (let i = 1; i < 624; i++) {
      mt[i] = Math.imul(1812433253, mt[i - 1]! ^ (mt[i - 1]! >>> 30)) + i;
    }
    let i = 1;
    for (let k = 0; k < 624; k++) {
      mt[i] = (mt[i]! ^ Math.imul(mt[i - 1]! ^ (mt[i - 1]! >>> 30), 1664525)) + seed;
      i = this.#turn(i);
    }
    for (let k = 0; k < 623; k++) {
      mt[i] = (mt[i]! ^ Math.imul(mt[i - 1]! ^ (mt[i - 1]! >>> 30), 1566083941)) - i;
      i = this.#turn(i);
    }
    mt[0] = 0x80000000;
  }

  /** Return random bytes; the count is a multiple of four, or the last word is cut as Python does. */
  randbytes(count: number): Uint8Array<ArrayBuffer> {
    const words = new Uint32Array(Math.ceil(count / 4));
    for (let at = 0; at < words.length; at++) words[at] = this.#word();
    const spare = words.length * 4 - count;
    if (spare) words[words.length - 1]! >>>= 8 * spare;
    return new Uint8Array(words.buffer, 0, count);
  }

  #turn(i: number): number {
    if (i < 623) return i + 1;
    this.#state[0] = this.#state[623]!;
    return 1;
  }

  #word(): number {
    if (this.#at === 624) this.#fill();
    let y = this.#state[this.#at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #fill(): void {
    const mt = this.#state;
    for (let k = 0; k < 624; k++) {
      const y = (mt[k]! & 0x80000000) | (mt[(k + 1) % 624]! & 0x7fffffff);
      mt[k] = mt[(k + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#at = 0;
  }
}
