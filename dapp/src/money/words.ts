/** What a value of a call or event is, by its name and type: shown as an amount, a time, a job. Pure. */

export type Kind = "address" | "wei" | "time" | "span" | "bps" | "job" | "model" | "flag" | "number" | "text";

const AMOUNTS = /(amount|price|value|stake|fees|fee|lock|bond|paid|refund|penalty|liquid|vested|burned|held|deposit|allotment|cumulative|reward|work|avail|delegated|max$|^to[A-Z]|own|unbonding|surcharge|returned|budget)/i;
const NOT_AMOUNTS = /(bps|epoch|count|index|multiple|nonce|at$|until|deadline|time|expiry|since|seats|shares|round|slot|id$)/i;
const TIMES = /(at$|until|deadline|expiry|since$|eta|timestamp|closesat|validuntil)/i;

/** What a value is; names are those of the ABI. */
export function kindOf(name: string, type: string): Kind {
  if (type === "address") return "address";
  if (type === "bool") return "flag";
  if (type === "bytes32") return /jobid/i.test(name) ? "job" : /modelid/i.test(name) ? "model" : "text";
  if (!/^u?int/.test(type)) return "text";
  if (/bps$/i.test(name)) return "bps";
  if (TIMES.test(name)) return "time";
  if (/S$/.test(name) && !AMOUNTS.test(name.slice(0, -1))) return "span";
  const bits = Number(type.replace(/^u?int/, "") || "256");
  if (bits >= 96 && AMOUNTS.test(name) && !NOT_AMOUNTS.test(name)) return "wei";
  return "number";
}

/** `requestUnbonding` as words: "Request unbonding". */
export function spaced(name: string): string {
  const text = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll("_", " ").replace(/ ?(Bps|bps)$/, "").trim().toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
