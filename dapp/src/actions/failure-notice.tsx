/** A failure of a wallet or contract, for people. */
import type { ReactElement } from "react";
import { Notice } from "../components/basics";
import type { Failure } from "../wallet/errors";

export function FailureNotice({ failure }: { failure: Exclude<Failure, { kind: "rejected" }> }): ReactElement {
  const title = failure.kind === "reverted" ? "The contract refuses this" : failure.kind === "poor" ? "Too little for the network's fee" : (failure.kind === "failed" && failure.title) || "It could not be sent";
  return (
    <Notice tone="bad" title={title}>
      {failure.message} {failure.kind === "failed" && failure.hint}
      {failure.kind === "reverted" && failure.name && (
        <details className="mt-1 text-[0.93rem]">
          <summary>Details</summary>
          <code>
            {failure.name}({failure.args.join(", ")})
          </code>
        </details>
      )}
    </Notice>
  );
}
