import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compactAbis } from "./scripts/compact-abis.ts";
import { earlyChunks } from "./scripts/early-chunks.ts";

/** Where `npm run dev` finds a running market service. */
const SERVICE = process.env.NEUROVOYANCE_MARKET_URL ?? "http://127.0.0.1:8650";
const PROXIED = ["/api", "/v1", "/ipfs", "/metrics"];

export default defineConfig({
  plugins: [compactAbis(), earlyChunks(new URL("./src/routes.tsx", import.meta.url).pathname), react(), tailwindcss()],
  base: "/",
  build: {
    outDir: "../marketplace/neurovoyance/marketplace/static",
    emptyOutDir: true,
    sourcemap: false,
    target: "es2022",
    // An inlined file would need a data: source that the content policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // Few files: over HTTP/1.1 many small ones wait for each other. What every visit needs is one,
        // and what most pages share is one each for reading the chain, for tables and for dialogs.
        codeSplitting: {
          groups: [
            { name: "first", tags: ["$initial"], priority: 1 },
            { name: "chain", test: /\/src\/(queries\/chain|generated\/abis)\.ts$/ },
            { name: "table", test: /\/src\/components\/(table|job-state)\.tsx$/ },
            { name: "dialog", test: /\/src\/components\/dialog\.tsx$/ },
          ],
        },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(PROXIED.map((path) => [path, { target: SERVICE, changeOrigin: true }])),
  },
});
