/** What the browser keeps between visits: drafts, theme, pending transactions. Never a fact of the chain. */

const PREFIX = "nvy:";

/** Names of entries that could not be read and were dropped; the shell tells the user once. */
export const dropped: string[] = [];

/**
 * Read one entry.
 *
 * @param isValid tells whether what was stored still has today's shape; if not it is dropped.
 */
export function load<T>(name: string, isValid: (value: unknown) => value is T): T | undefined {
  let text: string | null = null;
  try {
    text = localStorage.getItem(PREFIX + name);
    if (text === null) return undefined;
    const value: unknown = JSON.parse(text, revive);
    if (isValid(value)) return value;
  } catch {
    if (text === null) return undefined; // storage is blocked: nothing was lost
  }
  dropped.push(name);
  remove(name);
  return undefined;
}

/** Keep one entry; false when the browser refuses (storage blocked or full). */
export function save(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value, replace));
    return true;
  } catch {
    return false;
  }
}

export function remove(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // Blocked storage holds nothing to remove.
  }
}

/** Names of all entries that begin with a prefix, without the application's own prefix. */
export function names(prefix: string): string[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX + prefix))
      .map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

const replace = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? { $bigint: value.toString() } : value;

const revive = (_key: string, value: unknown): unknown => {
  if (value !== null && typeof value === "object" && "$bigint" in value) {
    return BigInt(String((value as { $bigint: unknown }).$bigint));
  }
  return value;
};
