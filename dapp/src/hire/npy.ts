/** NumPy's .npy files, version 1 to 3, C order; what numpy.save writes. Format: numpy.lib.format. */
import { type DType, type Tensor, ITEM_BYTES } from "../job/tensor";
import { JobError } from "../job/errors";

const DTYPE_OF: Readonly<Record<string, DType>> = { "<f4": "float32", "<f2": "float16", "<i4": "int32", "<i8": "int64", "|u1": "uint8", "|b1": "bool" };
const HEADER_MAX_BYTES = 65_536;

/** @throws JobError `spec.input` when it is no .npy file of a dtype that jobs know. */
export function readNpy(bytes: Uint8Array): Tensor {
  const magic = String.fromCharCode(...bytes.subarray(1, 6));
  if (bytes[0] !== 0x93 || magic !== "NUMPY") throw refused("This is not a .npy file.");
  const isLong = (bytes[6] ?? 0) >= 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = isLong ? 12 : 10;
  if (bytes.length < start) throw refused("The .npy file ends inside its header.");
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > HEADER_MAX_BYTES || start + length > bytes.length) throw refused("The header of the .npy file is too long.");
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "";
  const dtype = DTYPE_OF[descr];
  if (dtype === undefined) throw refused(`The .npy file holds ${descr || "an unknown dtype"}; jobs know ${Object.values(DTYPE_OF).join(", ")}.`);
  if (/'fortran_order':\s*True/.test(header)) throw refused("The .npy file is in Fortran order; save it with numpy.ascontiguousarray.");
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").map((part) => part.trim()).filter((part) => part !== "").map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) throw refused("The shape in the .npy file is not one.");
  const size = shape.reduce((product, one) => product * one, ITEM_BYTES[dtype]);
  const data = bytes.slice(start + length);
  if (data.length !== size) throw refused(`The .npy file holds ${data.length} bytes of data where its shape needs ${size}.`);
  return { dtype, shape, bytes: data };
}

const refused = (message: string): JobError => new JobError("spec.input", message);
