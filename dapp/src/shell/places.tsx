/** The pages that this network has, as links: in the rail, and in the dialog of all pages. */
import type { ReactElement } from "react";
import { NavLink } from "react-router";
import { Icon } from "../components/icons";
import { useNetwork } from "../lib/context";
import { PLACES, type Place } from "./nav";

export function usePlaces(): (Place | "line")[] {
  const { flags } = useNetwork();
  return PLACES.filter((place) => place === "line" || !place.needsEconomy || flags.economy);
}

export function Places(): ReactElement {
  return (
    <>
      {usePlaces().map((place, index) =>
        place === "line" ? (
          <hr key={index} className="col-span-full my-2 border-line" />
        ) : (
          <NavLink
            key={place.to}
            to={place.to}
            end={place.to === "/"}
            className={({ isActive }) => `flex items-center gap-2.5 rounded-md px-2.5 py-2 no-underline ${isActive ? "bg-accent-soft font-semibold text-ink" : "text-ink-2 hover:bg-raised hover:text-ink"}`}
          >
            <Icon name={place.icon} />
            {place.label}
          </NavLink>
        ),
      )}
    </>
  );
}
