/** An address or id that leads nowhere, with the search that may find it. */
import type { ReactElement } from "react";
import { Link } from "react-router";
import { SearchBox } from "../shell/search";

export function NotFound({ what, id }: { what: string; id?: string }): ReactElement {
  return (
    <div className="mx-auto max-w-xl py-10 text-center">
      <h1>There is no such {what}</h1>
      <p className="mt-2 text-ink-2">
        {id ? <code>{id.slice(0, 80)}</code> : "This address"} leads nowhere on this network. It may be on another one, or not on the chain yet.
      </p>
      <div className="mt-6 text-left">
        <SearchBox />
      </div>
      <p className="mt-4">
        <Link to="/">Home</Link>
      </p>
    </div>
  );
}
