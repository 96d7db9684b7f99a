/** Governance: your votes, proposals, who decides what, every parameter. */
import type { ReactElement } from "react";
import { Link } from "react-router";
import { PageHead } from "../components/basics";
import { useNetwork } from "../lib/context";
import { ProposalList } from "./gov/list";
import { Parameters } from "./gov/parameters";
import { NoVotes } from "./gov/parts";
import { PowerCard } from "./gov/power";
import { Rules } from "./gov/rules";

export function Component(): ReactElement {
  const { flags } = useNetwork();
  if (!flags.economy) return <NoVotes />;
  return (
    <>
      <PageHead
        title="Governance"
        lead="Whoever stakes votes on the parameters, within bounds that no vote can leave."
        actions={
          <Link to="/gov/new" className="button button-primary">
            New proposal
          </Link>
        }
      />
      <div className="flex flex-col gap-4">
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_24rem]">
          <ProposalList />
          <div className="flex min-w-0 flex-col gap-4 max-lg:order-first">
            <PowerCard />
          </div>
        </div>
        <Rules />
        <Parameters />
      </div>
    </>
  );
}
