/** What the contracts said in a transaction, in order. */
import type { ReactElement } from "react";
import { Addr, Card } from "../../components/basics";
import { Empty } from "../../components/states";
import { spaced } from "../../money/words";
import type { Found } from "./read";
import { ValueText } from "./value";

export function Events({ found }: { found: Found }): ReactElement | null {
  if (found.status === "pending") return null;
  return (
    <Card title={`Events (${found.events.length})`} flush>
      {found.events.length === 0 ? (
        <Empty>{found.status === "reverted" ? "A refused transaction leaves nothing but its fee." : "The contracts said nothing."}</Empty>
      ) : (
        <ol>
          {found.events.map(({ decoded, address, index }) => (
            <li key={index} className="border-b border-line px-4 py-3 last:border-b-0">
              <h3 className="font-medium">
                {decoded.name ? spaced(decoded.name) : "An event that cannot be read"}
                <span className="font-normal text-ink-3">
                  {" "}
                  by {decoded.contract ? spaced(decoded.contract).toLowerCase() : <Addr value={address} />}
                </span>
              </h3>
              <dl className="mt-1 flex flex-wrap gap-x-6 gap-y-1">
                {decoded.values.map((value) => (
                  <div key={value.name} className="flex min-w-0 items-baseline gap-1.5">
                    <dt className="text-ink-2">{spaced(value.name)}</dt>
                    <dd className="min-w-0">
                      <ValueText value={value} />
                    </dd>
                  </div>
                ))}
              </dl>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
