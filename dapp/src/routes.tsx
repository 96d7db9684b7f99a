/** Every page and its address. Each is loaded when it is first visited. */
import { createBrowserRouter } from "react-router";
import { Shell } from "./shell/shell";
import { Broken } from "./shell/broken";
import { NotFound } from "./pages/not-found";

export const makeRouter = (): ReturnType<typeof createBrowserRouter> =>
  createBrowserRouter([
    {
      path: "/",
      element: <Shell />,
      errorElement: <Broken />,
      HydrateFallback: () => null,
      children: [
        { index: true, lazy: () => import("./pages/home") },
        { path: "network", lazy: () => import("./pages/network") },
        { path: "nodes", lazy: () => import("./pages/nodes") },
        { path: "nodes/:id", lazy: () => import("./pages/node") },
        { path: "models", lazy: () => import("./pages/models") },
        { path: "models/:id", lazy: () => import("./pages/model") },
        { path: "jobs", lazy: () => import("./pages/jobs") },
        { path: "jobs/new", lazy: () => import("./pages/job-new") },
        { path: "jobs/:id", lazy: () => import("./pages/job") },
        { path: "provider", lazy: () => import("./pages/provider") },
        { path: "provider/setup", lazy: () => import("./pages/provider-setup") },
        { path: "stake", lazy: () => import("./pages/stake") },
        { path: "vesting", lazy: () => import("./pages/vesting") },
        { path: "gov", lazy: () => import("./pages/gov") },
        { path: "gov/new", lazy: () => import("./pages/gov-new") },
        { path: "gov/delegates/:addr", lazy: () => import("./pages/gov-delegate") },
        { path: "gov/:id", lazy: () => import("./pages/gov-proposal") },
        { path: "account/:addr", lazy: () => import("./pages/account") },
        { path: "tx/:hash", lazy: () => import("./pages/tx") },
        { path: "settings", lazy: () => import("./pages/settings") },
        { path: "status", lazy: () => import("./pages/status") },
        { path: "*", element: <NotFound what="page" /> },
      ],
    },
  ]);
