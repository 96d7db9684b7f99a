/** Whether the files that this browser got are one build: each hashed, and all together. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** As `GET /api/build` answers. */
export interface Build {
  build: string;
  /** SHA-256 of each file by its path. */
  files: Record<string, string>;
}

export interface Checked {
  /** Hash over what was got: that of `sha256sum`'s output in the order of the names. */
  build: string;
  count: number;
  /** Files that are not what the service says, and loaded files that it does not list. */
  wrong: string[];
}

/**
 * @param get the bytes of a file as pages get them.
 * @param loaded paths of files that the page runs now.
 */
export async function checkBuild({ files }: Build, get: (name: string) => Promise<Uint8Array>, loaded: readonly string[]): Promise<Checked> {
  const names = Object.keys(files).sort();
  const got = await Promise.all(names.map(async (name) => bytesToHex(sha256(await get(name)))));
  return {
    build: bytesToHex(sha256(utf8ToBytes(names.map((name, index) => `${got[index]}  ${name}\n`).join("")))),
    count: names.length,
    wrong: [...names.filter((name, index) => got[index] !== files[name]), ...loaded.filter((name) => !(name in files))],
  };
}
