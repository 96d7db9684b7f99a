// Offline: the compiler is the npm package `solc`, nothing is downloaded. See contracts/README.md.
import path from "node:path";

const root = import.meta.dirname;

const compiler = {
  version: "0.8.37",
  path: path.join(root, "node_modules/solc/soljson.js"),
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 400 },
    viaIR: false,
    metadata: { bytecodeHash: "none", appendCBOR: false },
  },
};

// Coverage compiles instrumented contracts; they must not replace the real ones.
const built = process.argv.includes("--coverage") ? "./cache/coverage/" : "./";

// Warnings about packages are their authors' business; ours would drown in them.
const isOurs = (error) =>
  error.severity !== "warning" || !error.formattedMessage?.includes("node_modules/");
const packageWarnings = {
  id: "package-warnings",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        getCompilationJobErrors: async (context, job, output, next) =>
          (await next(context, job, output)).filter(isOurs),
      }),
    }),
  },
};

const tests = (runs) => ({
  fuzz: { runs, seed: "0x4e5659" },
  invariant: { runs, depth: 64, failOnRevert: true },
  fsPermissions: { readDirectory: [path.join(root, "tests/vectors")] },
});

export default {
  plugins: [packageWarnings],
  solidity: { profiles: { default: { compilers: [compiler] } } },
  paths: {
    sources: "./contracts",
    tests: { solidity: "./tests" },
    cache: `${built}cache`,
    artifacts: `${built}artifacts`,
  },
  // Chosen by `hardhat test solidity --test-profile NAME`: `long` runs ten times as many; `brief` is
  // for coverage, where what counts is which lines run.
  test: { solidity: { profiles: { default: tests(256), long: tests(2560), brief: tests(16) } } },
};
