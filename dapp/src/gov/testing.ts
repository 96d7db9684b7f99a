/** What tests share: the vectors that Python twins wrote. Never imported by a page. */
import { readFileSync } from "node:fs";

/** Return one of the files beside the tests, see `vectors/make.py`. */
export const made = (name: string): any => JSON.parse(readFileSync(new URL(`./vectors/${name}.json`, import.meta.url), "utf-8"));

export const bigints = (values: Record<string, string>): Record<string, bigint> => Object.fromEntries(Object.entries(values).map(([key, text]) => [key, BigInt(text)]));
