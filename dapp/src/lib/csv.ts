/** Tables as CSV files, made in the browser. */

import { exactNvy } from "../job/money.ts";

/** One cell: wei as exact NVY, quoted when needed, and made harmless for spreadsheets that would run a formula. */
export function cell(value: unknown): string {
  const text = value === undefined || value === null ? "" : typeof value === "bigint" ? exactNvy(value) : String(value);
  const harmless = /^[=+\-@\t\r\n]/.test(text) && !/^-[0-9]+(\.[0-9]+)?$/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export const csv = (header: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

/** Let the browser save bytes or text under a name; nothing leaves this machine. */
export function saveFile(name: string, content: BlobPart, type = "text/plain;charset=utf-8"): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 120);
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
