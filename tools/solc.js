// The compiler of the npm package `solc`, unchanged, and twice as fast. Its glue asks the table of
// functions at every call that might throw, millions of times; answers are kept here, as newer
// Emscripten keeps them itself. The compiler's code and its output stay as they are, byte by byte.
import compiler from "../node_modules/solc/soljson.js";

const table = Object.values(compiler.asm).find((part) => part instanceof WebAssembly.Table);
const { get, set } = WebAssembly.Table.prototype;
const entries = [];
table.get = (index) => (entries[index] ??= get.call(table, index));
table.set = (index, entry) => {
  delete entries[index];
  set.call(table, index, entry);
};

export default compiler;
