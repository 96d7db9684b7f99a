/**
 * Tells the first page which chunks each address needs, so that they load beside the application, not after it.
 *
 * Place: a plugin of the build; `public/start.js` reads what it writes. Without this a browser learns the
 * chunks of a page only when the application has been loaded and has run.
 */
import { readFileSync } from "node:fs";
import type { Plugin, Rollup } from "vite";

const ROUTE = /\{ (?:path: "([^"]*)"|(index): true), lazy: \(\) => import\("\.\/(pages\/[\w-]+)"\)/g;

export function earlyChunks(routes: string): Plugin {
  return {
    name: "early-chunks",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        if (bundle === undefined) return html;
        const table = JSON.stringify(tableOf(readFileSync(routes, "utf8"), Object.values(bundle)));
        return html.replace('src="/start.js"', `src="/start.js" data-chunks='${table}'`);
      },
    },
  };
}

/** Files, and for each route its pattern with the files' places in that list. */
function tableOf(source: string, outputs: readonly (Rollup.OutputAsset | Rollup.OutputChunk)[]): { files: string[]; routes: [string, number[]][] } {
  const chunks = outputs.filter((output) => output.type === "chunk");
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const first = closureOf(byFile, chunks.find((chunk) => chunk.isEntry)?.fileName ?? "", new Set());
  const files: string[] = [];
  const place = (file: string): number => (files.includes(file) ? files.indexOf(file) : files.push(file) - 1);
  const routes = [...source.matchAll(ROUTE)].map(([, path, , page]): [string, number[]] => {
    const chunk = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(`/src/${page}.tsx`)));
    if (chunk === undefined) throw new Error(`no chunk has ${page}`);
    return [`/${path ?? ""}`, [...closureOf(byFile, chunk.fileName, new Set(first))].filter((file) => !first.has(file)).map(place)];
  });
  if (routes.length === 0) throw new Error("no page was found in the routes");
  return { files, routes };
}

function closureOf(byFile: ReadonlyMap<string, Rollup.OutputChunk>, file: string, seen: Set<string>): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const next of byFile.get(file)?.imports ?? []) closureOf(byFile, next, seen);
  return seen;
}
