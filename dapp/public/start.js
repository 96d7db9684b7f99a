// Runs before the first paint. A file of its own because the content policy allows no inline script.

// A stored theme must not flash.
try {
  const theme = JSON.parse(localStorage.getItem("nvy:theme") ?? "null");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked or unreadable: the system's theme is right then.
}

// What this address needs besides the application loads beside it; the build wrote the table.
try {
  const { files, routes } = JSON.parse(document.currentScript.dataset.chunks);
  const here = location.pathname.split("/").filter(Boolean);
  const fits = (path) => {
    const parts = path.split("/").filter(Boolean);
    return parts.length === here.length && parts.every((part, index) => part.startsWith(":") || part === here[index]);
  };
  for (const place of routes.find(([path]) => fits(path))?.[1] ?? []) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = `/${files[place]}`;
    document.head.append(link);
  }
} catch {
  // Run from the sources there is no table, and no need for one.
}
