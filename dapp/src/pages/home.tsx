/** First screen: for a visitor what this is and a first try; for an owner what they have and whether it works. */
import { type ReactElement, Suspense, lazy } from "react";
import { Link, useNavigate } from "react-router";
import { Button, Card, Notice, Stat } from "../components/basics";
import { PriceBand } from "../components/price-band";
import { Ask, Bones, StatBones, explain } from "../components/states";
import { useSamples } from "../hire/samples";
import { isDevnet } from "../lib/config";
import { useNetwork } from "../lib/context";
import { count, plain } from "../lib/format";
import { useOverview } from "../queries/overview";
import { useDemoWallet } from "../wallet/dialog";
import { useAccount } from "../wallet/gate";

// With tables and contracts: a visitor's first page goes without them.
const Owner = lazy(() => import("./home/owner"));

export function Component(): ReactElement {
  const account = useAccount();
  if (account === undefined) return <Visitor />;
  return (
    <Suspense fallback={<Bones rows={6} />}>
      <Owner account={account} />
    </Suspense>
  );
}

function Visitor(): ReactElement {
  const overview = useOverview();
  return (
    <div className="flex flex-col gap-6">
      <section className="py-4 sm:py-8">
        <h1 className="max-w-2xl text-[2rem] leading-tight sm:text-[2.4rem]">AI work, bought from idle computers. Nobody in between.</h1>
        <p className="mt-3 max-w-2xl text-[1.07rem] text-ink-2">
          Your money waits in a contract until a result is there that anybody can check. Whoever computes puts a stake behind it and loses it for cheating. Nobody can take your account away, because there is none.
        </p>
        <TryIt />
      </section>
      <Ask asked={overview} what="state of the network" skeleton={<div className="grid gap-3 sm:grid-cols-3"><StatBones count={3} /></div>}>
        {(now) => (
          <div className="grid gap-3 sm:grid-cols-3">
            <Stat label="Providers registered" value={count(now.providers)} />
            <Stat label="Jobs done, last 24 h, rolling" value={count(now.day.jobs_settled)} note={`${count(now.jobs_settled)} since the beginning`} />
            <Stat label="Price of a job, last 24 h" value={<PriceBand band={now.day} />} note="median of settled jobs" />
          </div>
        )}
      </Ask>
      <div className="grid gap-4 md:grid-cols-3">
        <Way title="Run a model" to="/jobs/new" link="New job">
          Bring an ONNX model or pick one. You see binding prices, and at most that is ever taken.
        </Way>
        <Way title="Lend a computer" to="/provider/setup" link="Set up a node">
          It works while you are away, stops within two seconds when you return, and runs strangers' models confined.
        </Way>
        <Way title="Decide" to="/gov" link="Governance">
          Whoever stakes votes on the parameters, within bounds that no vote can leave.
        </Way>
      </div>
    </div>
  );
}

function Way({ title, to, link, children }: { title: string; to: string; link: string; children: string }): ReactElement {
  return (
    <Card title={title}>
      <p className="mb-3 text-ink-2">{children}</p>
      <Link to={to}>{link}</Link>
    </Card>
  );
}

/** A paid result in three clicks: this button, hire, sign. */
function TryIt(): ReactElement {
  const network = useNetwork();
  const samples = useSamples();
  const demo = useDemoWallet();
  const go = useNavigate();
  const sample = samples.data?.samples[0];
  const start = async (): Promise<void> => {
    const account = await demo.start();
    if (account === undefined) return;
    // Whoever clicks before the samples are here gets one all the same.
    const first = sample ?? (await samples.refetch()).data?.samples[0];
    await go(first ? `/jobs/new?model=${first.model_id}&sample=1` : "/jobs/new");
  };
  return (
    <div className="mt-5 flex flex-col items-start gap-3">
      <div className="flex flex-wrap gap-3">
        {isDevnet(network) && network.flags.faucet ? (
          <Button kind="primary" onClick={() => void start()} busy={demo.busy}>
            Try it with demo money
          </Button>
        ) : (
          <Link to="/jobs/new" className="button button-primary">
            Post a job
          </Link>
        )}
        <Link to="/jobs" className="button">
          Watch others
        </Link>
      </div>
      {sample && isDevnet(network) && <p className="text-ink-2">{plain(sample.about, 300)} A provider on this network will run it for you, paid and checked.</p>}
      {demo.error !== undefined && (
        <Notice tone="bad" title="The demo wallet is not ready">
          {explain(demo.error).message} {explain(demo.error).hint}
        </Notice>
      )}
    </div>
  );
}
