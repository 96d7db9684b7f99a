/**
 * What goes wrong with a job in the browser: one class, told apart by `code`.
 *
 * Place: under every module of this folder. Messages are full sentences for people; codes are those
 * of `docs/errors.md`. Never: a key, or bytes of an input or output, in a message.
 */

/** One thing that is wrong with one field, as a sentence that names the field. */
export interface Fault {
  /** Name of the field as in the JSON form. */
  readonly field: string;
  /** A full sentence. */
  readonly message: string;
}

/** The codes that this folder raises. */
export type JobErrorCode =
  | "spec"
  | "spec.cid"
  | "spec.block"
  | "spec.car"
  | "spec.input"
  | "spec.model"
  | "signature"
  | "storage.decrypt"
  | "storage.too_large"
  | "storage.not_found"
  | "result.mismatch"
  | "verification";

/** An error that a page shows as it is. */
export class JobError extends Error {
  readonly code: JobErrorCode;
  /** What to do about it; may be empty. */
  readonly hint: string;
  /** Every fault found, where several fields were checked. */
  readonly faults: readonly Fault[];

  constructor(code: JobErrorCode, message: string, hint = "", faults: readonly Fault[] = []) {
    super(message);
    this.name = "JobError";
    this.code = code;
    this.hint = hint;
    this.faults = faults;
  }
}

/** Return the text of anything that was thrown, a sentence. */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Return a text in quotes, shortened, for a message. */
export function shown(value: unknown, limit = 80): string {
  const text = typeof value === "string" ? value : String(value);
  return `'${text.slice(0, limit)}'`;
}
