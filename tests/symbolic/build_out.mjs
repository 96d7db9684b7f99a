// What symbolic tools read, made with the npm compiler: for halmos a Foundry `out/` folder, for Slither
// one Hardhat 2 build-info. See docs/economy-proofs.md and docs/slither.md.
//
//   node tests/symbolic/build_out.mjs halmos OUT_DIR FILE.sol...
//   node tests/symbolic/build_out.mjs slither OUT_FILE.json
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
const solc = createRequire(path.join(root, "package.json"))("solc");
const forgeStd = "node_modules/@layerzerolabs/toolbox-foundry/lib/forge-std/src/";
const importOf = /^\s*import\s+(?:[^"']*?from\s+)?["']([^"']+)["']/gms;

function read(name) {
  for (const place of [name, `node_modules/${name}`, name.replace(/^forge-std\//, forgeStd)]) {
    const file = path.join(root, place);
    if (fs.existsSync(file)) return fs.readFileSync(file, "utf8");
  }
  throw new Error(`There is no source ${name}.`);
}

function collect(files) {
  const sources = {};
  for (const waiting = [...files]; waiting.length > 0; ) {
    const name = waiting.pop();
    if (name in sources) continue;
    const content = read(name);
    sources[name] = { content };
    for (const [, target] of content.matchAll(importOf)) {
      const isRelative = target.startsWith(".");
      waiting.push(isRelative ? path.posix.join(path.posix.dirname(name), target) : target);
    }
  }
  return sources;
}

function compile(files) {
  const outputs = ["abi", "metadata", "userdoc", "devdoc", "evm.methodIdentifiers"];
  const code = ["evm.bytecode", "evm.deployedBytecode"];
  const input = {
    language: "Solidity",
    sources: collect(files),
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 400 },
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: { "*": { "*": [...outputs, ...code], "": ["ast"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((e) => e.formattedMessage).join("\n"));
  return { input, output };
}

const object = (bytecode) => ({ ...bytecode, object: `0x${bytecode.object}` });

function writeFoundry(folder, { output }) {
  for (const [source, contracts] of Object.entries(output.contracts)) {
    const target = path.join(folder, path.basename(source));
    fs.mkdirSync(target, { recursive: true });
    for (const [name, made] of Object.entries(contracts)) {
      const artefact = {
        abi: made.abi,
        bytecode: object(made.evm.bytecode),
        deployedBytecode: object(made.evm.deployedBytecode),
        methodIdentifiers: made.evm.methodIdentifiers,
        metadata: made.metadata === "" ? {} : JSON.parse(made.metadata),
        ast: output.sources[source].ast,
        id: output.sources[source].id,
      };
      fs.writeFileSync(path.join(target, `${name}.json`), JSON.stringify(artefact));
    }
  }
}

const [tool, target, ...files] = process.argv.slice(2);
if (tool === "halmos" && files.length > 0) {
  writeFoundry(target, compile(files));
} else if (tool === "slither" && target !== undefined) {
  const all = fs.readdirSync(path.join(root, "contracts"), { recursive: true });
  const ours = all.filter((name) => name.endsWith(".sol")).map((name) => `contracts/${name}`);
  const { input, output } = compile(ours);
  const head = { id: "all", _format: "hh-sol-build-info-1", solcVersion: "0.8.37" };
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const document = { ...head, solcLongVersion: solc.version(), input, output };
  fs.writeFileSync(target, JSON.stringify(document));
} else {
  console.error("usage: build_out.mjs halmos OUT_DIR FILE.sol... | slither OUT_FILE.json");
  process.exitCode = 2;
}
