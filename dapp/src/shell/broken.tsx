/** What is shown when a page itself fails: that no money moved, and the way on. */
import type { ReactElement } from "react";
import { Link, useRouteError } from "react-router";
import { Button, Notice } from "../components/basics";

export function Broken(): ReactElement {
  const error = useRouteError();
  const isStale = error instanceof TypeError && /import|fetch/i.test(error.message);
  return (
    <main className="mx-auto max-w-2xl p-6">
      <Notice
        tone="bad"
        title={isStale ? "A part of the page could not be loaded." : "This page failed."}
        actions={
          <>
            <Button kind="primary" onClick={() => location.reload()}>
              Reload
            </Button>
            <Link to="/" className="button" reloadDocument>
              Home
            </Link>
          </>
        }
      >
        {isStale ? "The service was probably updated, or is away." : "Nothing was sent, and drafts are kept."} Transactions that were sent go on, and the tray shows them after a reload.
        <details className="mt-1">
          <summary>Details</summary>
          <code>{error instanceof Error ? `${error.name}: ${error.message}` : "unknown"}</code>
        </details>
      </Notice>
    </main>
  );
}
