// Fails when what a first visit of `/` loads is larger than the budget: the entry, its static imports,
// its CSS, and the chunks that the page asks for at once (see early-chunks.ts).
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 200_000;
const TOTAL_BUDGET_BYTES = 1_500_000;
const ROOT = fileURLToPath(new URL("../../marketplace/neurovoyance/marketplace/static/", import.meta.url));

const html = readFileSync(ROOT + "index.html", "utf8");
const { files, routes } = JSON.parse(html.match(/data-chunks='([^']*)'/)[1]);
const home = routes.find(([path]) => path === "/")[1].map((place) => files[place]);
const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]).concat(home);
const sizes = first.map((file) => [file, gzipSync(readFileSync(ROOT + file), { level: 9 }).length]);
const initial = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
const assets = readdirSync(ROOT + "assets");
const total = assets.reduce((sum, file) => sum + readFileSync(`${ROOT}assets/${file}`).length, 0);

for (const [file, bytes] of sizes) console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB gzip  ${file}`);
console.log(`${(initial / 1000).toFixed(1).padStart(8)} kB gzip  first visit, of ${BUDGET_BYTES / 1000} kB`);
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB        all ${assets.length} files, of ${TOTAL_BUDGET_BYTES / 1000} kB`);
if (initial > BUDGET_BYTES || total > TOTAL_BUDGET_BYTES) {
  console.error("Too large: load a page's heavy parts with import() when they are needed.");
  process.exit(1);
}
