// Offline: the compiler is the npm package `solc`, nothing is downloaded. See contracts/README.md.
import path from "node:path";

const root = import.meta.dirname;

const isCoverage = process.argv.includes("--coverage");

// Coverage asks which lines run. Its code is optimised only as far as the stack needs it, and comes
// without what stack traces are made of: that build takes half the time.
const optimizer = isCoverage
  ? { enabled: false, details: { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: "" } } }
  : { enabled: true, runs: 400 };
const code = ["object", "linkReferences"];
const coverageOutput = [
  "abi",
  "evm.methodIdentifiers",
  "evm.deployedBytecode.immutableReferences",
  ...code.flatMap((part) => [`evm.bytecode.${part}`, `evm.deployedBytecode.${part}`]),
];

const compiler = {
  version: "0.8.37",
  path: path.join(root, "tools/solc.js"),
  settings: {
    evmVersion: "cancun",
    optimizer,
    viaIR: false,
    metadata: { bytecodeHash: "none", appendCBOR: false },
  },
};

// Coverage compiles instrumented contracts; they must not replace the real ones. A node would read
// every build, even one that is being written beside it, and serves none.
const built = isCoverage ? "./cache/coverage/" : process.argv.includes("node") ? "./cache/node/" : "./";

// Warnings about packages are their authors' business; ours would drown in them.
const isOurs = (error) =>
  error.severity !== "warning" || !error.formattedMessage?.includes("node_modules/");
const ourBuild = {
  id: "our-build",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        getCompilationJobErrors: async (context, job, output, next) =>
          (await next(context, job, output)).filter(isOurs),
        preprocessSolcInputBeforeBuilding: async (context, input, next) => {
          const chosen = await next(context, input);
          if (isCoverage) chosen.settings.outputSelection = { "*": { "*": coverageOutput } };
          return chosen;
        },
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
  plugins: [ourBuild],
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
