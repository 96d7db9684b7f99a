/** The same job elsewhere: the command line, Python, and the question for prices as cURL. */
import { Tabs } from "radix-ui";
import type { ReactElement } from "react";
import { zeroAddress } from "viem";
import { Card, Copy } from "../../components/basics";
import { Empty } from "../../components/states";
import type { Draft } from "../../hire/draft";
import { type Way, waysOf } from "../../job/elsewhere";
import { parseNvy } from "../../job/money";
import type { JobSpec } from "../../job/spec";
import { useAccount } from "../../wallet/gate";

/** The texts; none while the job is not whole. */
function textsOf(draft: Draft, spec: JobSpec | undefined, client: string): Way[] {
  const price = parseNvy(draft.maxPrice);
  if (spec === undefined || !price.ok || price.wei === 0n) return [];
  try {
    return waysOf({ spec, maxPriceWei: price.wei, preset: draft.preset, isListing: draft.hire === "listing", client, origin: location.origin });
  } catch {
    // Bytes that are no content identifier of a file were typed into the JSON.
    return [];
  }
}

export function Snippets({ draft, spec }: { draft: Draft; spec: JobSpec | undefined }): ReactElement {
  const ways = textsOf(draft, spec, useAccount() ?? zeroAddress);
  return (
    <Card title="The same job elsewhere" flush>
      {ways.length === 0 ? (
        <Empty>Complete model, input and terms first; then it stands here, ready to run.</Empty>
      ) : (
        <Tabs.Root defaultValue="CLI">
          <Tabs.List aria-label="Ways" className="flex gap-1 border-b border-line px-3 pt-2">
            {ways.map(({ name }) => (
              <Tabs.Trigger key={name} value={name} className="rounded-t-md border-b-2 border-transparent px-3 py-1.5 data-[state=active]:border-accent data-[state=active]:font-semibold">
                {name}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {ways.map(({ name, about, text }) => (
            <Tabs.Content key={name} value={name} className="p-3">
              <p className="mb-2 text-ink-2">{about}</p>
              <div className="relative">
                <span className="absolute top-0 right-0 bg-surface">
                  <Copy value={text} what={`${name} text`} />
                </span>
                <pre className="overflow-x-auto pr-8 text-[0.86rem]" tabIndex={0} aria-label={`${name} text`}>
                  {text}
                </pre>
              </div>
            </Tabs.Content>
          ))}
        </Tabs.Root>
      )}
    </Card>
  );
}
