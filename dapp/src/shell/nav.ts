/** Where one can go: the rail on wide screens, tabs and a sheet on phones, the palette's list. */
import type { IconName } from "../components/icons";

export interface Place {
  to: string;
  label: string;
  icon: IconName;
  /** Shown in the bottom bar of phones. */
  isTab?: boolean;
  needsEconomy?: boolean;
}

export const PLACES: readonly (Place | "line")[] = [
  { to: "/", label: "Home", icon: "home", isTab: true },
  { to: "/jobs", label: "Jobs", icon: "jobs", isTab: true },
  { to: "/models", label: "Models", icon: "models", isTab: true },
  { to: "/nodes", label: "Nodes", icon: "nodes" },
  { to: "/network", label: "Network", icon: "network" },
  "line",
  { to: "/provider", label: "Provider", icon: "provider", isTab: true },
  { to: "/stake", label: "Stake", icon: "stake" },
  { to: "/vesting", label: "Vesting", icon: "vesting", needsEconomy: true },
  { to: "/gov", label: "Governance", icon: "gov", needsEconomy: true },
  "line",
  { to: "/status", label: "Status", icon: "status" },
  { to: "/settings", label: "Settings", icon: "settings" },
];
