/**
 * Ships ABIs as signatures instead of objects: half the bytes, and the same arrays when the page runs.
 *
 * Place: a plugin of the build. The sources keep the objects, whose types the compiler needs; in the
 * pages `parseAbi` reads them back. Each one is read back here as well, so a page never has another.
 */
import { isDeepStrictEqual } from "node:util";
import { type Abi, formatAbi, parseAbi } from "abitype";
import type { Plugin } from "vite";

const FILES = /\/src\/generated\/(abis|errors)\.ts$/;
const ARRAY = /export const (\w+) = (\[[^]*?\n\]) as const;/g;
/** A tuple is worth a name when it is written more than once. */
const TUPLE = /\([^()]{24,}\)(?=(?:\[\])* \w|(?:\[\])*[,)])/g;

export function compactAbis(): Plugin {
  return {
    name: "compact-abis",
    enforce: "pre",
    transform(code, id) {
      if (!FILES.test(id)) return undefined;
      const exports = [...code.matchAll(ARRAY)].map(([, name, text]) => {
        const abi = JSON.parse(text!.replace(/,\n\]$/, "\n]")) as Abi;
        return `export const ${name} = /*#__PURE__*/ parseAbi(${JSON.stringify(signaturesOf(name!, abi))});\n`;
      });
      return { code: `import { parseAbi } from "abitype";\n${exports.join("")}`, map: null, moduleSideEffects: false };
    },
  };
}

function signaturesOf(name: string, abi: Abi): readonly string[] {
  const written = withStructs(formatAbi(abi) as readonly string[]);
  if (!isDeepStrictEqual(plain(parseAbi(written)), plain(abi))) throw new Error(`${name} does not survive being written as signatures`);
  return written;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Parameter lists look like tuples; only what stands where a type stands is one. */
function withStructs(signatures: readonly string[]): readonly string[] {
  const uses = new Map<string, number>();
  const tuples = signatures.flatMap((signature) => [...signature.replace(/^(\w+ \w+)\(/, "$1<").matchAll(TUPLE)].map(([tuple]) => tuple));
  for (const tuple of tuples) uses.set(tuple, (uses.get(tuple) ?? 0) + 1);
  const names = new Map([...uses].filter(([, times]) => times > 1).map(([tuple], index) => [tuple, `S${index}`]));
  const structs = [...names].map(([tuple, name]) => `struct ${name} { ${tuple.slice(1, -1).replaceAll(", ", "; ")}; }`);
  return [...structs, ...signatures.map((signature) => [...names].reduce((text, [tuple, name]) => text.replaceAll(`${tuple} `, `${name} `).replaceAll(`${tuple}[`, `${name}[`).replaceAll(`(${tuple})`, `(${name})`), signature))];
}
