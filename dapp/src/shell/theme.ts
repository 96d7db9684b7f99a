/** Light or dark: the system's choice unless one is stored. */
import { useSyncExternalStore } from "react";
import { load, remove, save } from "../lib/storage";

export type Theme = "system" | "light" | "dark";
const isTheme = (value: unknown): value is Theme => value === "light" || value === "dark";
const listeners = new Set<() => void>();

export const storedTheme = (): Theme => load("theme", isTheme) ?? "system";

export function setTheme(theme: Theme): void {
  if (theme === "system") {
    remove("theme");
    delete document.documentElement.dataset.theme;
  } else {
    save("theme", theme);
    document.documentElement.dataset.theme = theme;
  }
  for (const listener of listeners) listener();
}

export const useTheme = (): Theme =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    storedTheme,
  );
