/** Which build these pages are, and how anybody checks it. */
import { useMutation } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { Button, Card, Copy, Notice } from "../../components/basics";
import { explain } from "../../components/states";
import { ask } from "../../lib/api";
import { type Build, checkBuild } from "../../lib/build";
import { useNetwork } from "../../lib/context";

const COMMAND = `cd dapp && npm ci && npm run build
cd ../marketplace/neurovoyance/marketplace/static
find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum`;

/** From the browser's own copies where it has them: what is hashed is what runs. */
async function got(name: string): Promise<Uint8Array> {
  const answer = await fetch(`/${name}`);
  return new Uint8Array(await answer.arrayBuffer());
}

const loaded = (): string[] =>
  performance
    .getEntriesByType("resource")
    .map(({ name }) => new URL(name))
    .filter(({ origin, pathname }) => origin === location.origin && /\.(js|css)$/.test(pathname))
    .map(({ pathname }) => pathname.slice(1));

export function BuildCard(): ReactElement {
  const { version } = useNetwork();
  const check = useMutation({
    mutationFn: async () => {
      const told = await ask<Build>("/api/build");
      return { told, found: await checkBuild(told, got, loaded()) };
    },
  });
  return (
    <Card title="These pages">
      <div className="flex flex-col gap-3">
        <p className="text-ink-2">
          Version {version}. Your browser can hash every file that it got from this service. Whoever builds the same source gets the same hash; compare it with your own, or with one that you trust.
        </p>
        <div>
          <Button busy={check.isPending} onClick={() => check.mutate()}>
            Hash the files
          </Button>
        </div>
        {check.error && <Notice tone="bad" title={explain(check.error).message} />}
        {check.data && (
          <Notice tone={check.data.found.wrong.length > 0 ? "bad" : "good"} title={check.data.found.wrong.length > 0 ? `Not what the service lists: ${check.data.found.wrong.join(", ")}` : `${check.data.found.count} files, each as listed`}>
            <code data-testid="build" className="break-all">
              {check.data.found.build}
            </code>
          </Notice>
        )}
        <div className="flex items-start gap-2">
          <pre className="min-w-0 flex-1 overflow-x-auto" tabIndex={0}>
            {COMMAND}
          </pre>
          <Copy value={COMMAND} what="commands" />
        </div>
      </div>
    </Card>
  );
}
