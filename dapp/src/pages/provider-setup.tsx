/** From nothing to a node that earns: the commands for this network, what it costs, and a check that turns green. */
import { type ReactElement, useState } from "react";
import { Link } from "react-router";
import { Card, Facts, PageHead } from "../components/basics";
import { SourceNote } from "../components/states";
import { isDevnet } from "../lib/config";
import { useNetwork } from "../lib/context";
import { percentOfBps, span } from "../lib/format";
import { useParams } from "../money/facts";
import { Known, Wei, part } from "../money/known";
import { LiveCheck } from "./provider/live-check";
import { Register } from "./provider/register";
import { type Choices, FIRST_CHOICES } from "../money/commands";
import { Commands } from "./provider/commands";
import { Watching } from "./status/watching";

export function Component(): ReactElement {
  const [choices, setChoices] = useState<Choices>(FIRST_CHOICES);
  return (
    <>
      <PageHead title="Set up a node" lead="Five commands on the computer that is to work. The next job can be yours." actions={<Link to="/provider" className="button">Your node</Link>} />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="flex flex-col gap-4">
          <Commands choices={choices} change={setChoices} />
          <LiveCheck />
          <Register />
        </div>
        <div className="grid gap-4 md:grid-cols-2 xl:grid-cols-1">
          <Costs />
          <Protection />
          <Watching />
        </div>
      </div>
    </>
  );
}

function Costs(): ReactElement {
  const network = useNetwork();
  const params = useParams(["minSelfStakeWei", "unbondingS", "stakeSlashBps"]);
  return (
    <Card title="What it takes" aside={<SourceNote source="chain" updatedAt={params.dataUpdatedAt} />}>
      <Facts
        items={[
          ["Stake, at least", <Wei key="s" asked={part(params, (rates) => rates.minSelfStakeWei)} />],
          ["Back in your hands", <Known key="b" asked={params}>{({ unbondingS }) => `${span(Number(unbondingS))} after you ask`}</Known>],
          ["At risk", <Known key="r" asked={params}>{({ stakeSlashBps }) => `the lock of a job, and ${percentOfBps(stakeSlashBps)} of the stake for a wrong result`}</Known>],
          ["Network fees", "some ETH for owner and operator; a job needs a few transactions"],
          ["Computer", "Linux, Python 3.11 or newer; a processor is enough"],
        ]}
      />
      {isDevnet(network) && <p className="mt-3 text-ink-2">On this private network the account that <code>join</code> gives you comes with coins without worth: enough for stake and fees.</p>}
    </Card>
  );
}

const Protection = (): ReactElement => (
  <Card title="What protects your computer">
    <div className="flex flex-col gap-2 text-ink-2">
      <p>A model is a stranger's program. It runs in a child process that can read the model and its input, write one output file, and nothing else: no network, none of your files, no other process.</p>
      <p>
        Memory, time and the size of its output are limited, and where the kernel can enforce neither an empty network nor a filter of system calls, no model is run at all. <code>neurovoyance doctor</code> tries every measure on your machine and says which hold.
      </p>
    </div>
  </Card>
);
