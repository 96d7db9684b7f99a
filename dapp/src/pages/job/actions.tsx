/** What can be done with a job now: confirm, withdraw, end after a deadline. */
import type { ReactElement } from "react";
import type { Address, Hex } from "viem";
import { useConfig } from "wagmi";
import { readContract } from "wagmi/actions";
import { useTx } from "../../actions/tx";
import type { Plan } from "../../actions/types";
import { Button, Card } from "../../components/basics";
import { useJobState } from "../../components/job-state";
import { jobMarketAbi } from "../../generated/abis";
import { sameAddress } from "../../hire/draft";
import { type JobState, STATE_WORDS, stateOf } from "../../job/lifecycle";
import { wei } from "../../lib/api";
import { useNetwork } from "../../lib/context";
import { nvy } from "../../lib/format";
import { useManifest } from "../../queries/models";
import type { EventRow, JobRow } from "../../queries/rows";
import { useAccount } from "../../wallet/gate";
import { useResult } from "./result";

const EXPIRABLE: readonly JobState[] = ["Unmatched", "ProviderCommitTimeout", "ProviderRevealTimeout", "ProviderAnswerTimeout", "AuditorTimeout", "RefereeTimeout"];

export function Actions({ row, events }: { row: JobRow; events: readonly EventRow[] }): ReactElement | null {
  const state = useJobState(row);
  const you = useAccount();
  const { run } = useTx();
  const make = usePlans(row);
  const manifest = useManifest(row.model_id);
  const result = useResult(row, events, manifest.data);
  if (state === undefined || you === undefined) return null;
  const isClient = sameAddress(you, row.client);
  const isTimedOut = EXPIRABLE.includes(state) && state !== row.state;
  const canSettle = state === "Accepted";
  if (!(isClient && (state === "Revealed" || state === "Open")) && !isTimedOut && !canSettle) return null;
  return (
    <Card title="What you can do">
      <div className="flex flex-col gap-3">
        {isClient && state === "Open" && (
          <Action label="Withdraw the job" about="Nobody has taken it; everything comes back." onClick={() => run(make("cancel", state))} />
        )}
        {isClient && state === "Revealed" && (
          <>
            {row.is_audited ? (
              <p className="text-ink-2">Chance drew this job for an audit: it is paid when its window ends and the auditors agree. Nothing has to be done for it.</p>
            ) : (
              <Action label="Confirm and pay" primary disabled={result.data === undefined} about={result.data ? "The result was checked here. The provider is paid at once." : "First the result has to be checked here."} onClick={() => run(make("confirm", state))} />
            )}
          </>
        )}
        {isTimedOut && <Action label="Send the money back" primary about={`${STATE_WORDS[state].now} Anyone may do this; it goes to the client.`} onClick={() => run(make("expire", state))} />}
        {canSettle && <Action label="Settle" primary about="The window is over. Anyone may do this; the provider is paid." onClick={() => run(make("settle", state))} />}
      </div>
    </Card>
  );
}

function Action({ label, about, onClick, primary = false, disabled = false }: { label: string; about: string; onClick: () => void; primary?: boolean; disabled?: boolean }): ReactElement {
  return (
    <div>
      <Button kind={primary ? "primary" : "plain"} onClick={onClick} disabled={disabled}>
        {label}
      </Button>
      <p className="mt-1 text-ink-2">{about}</p>
    </div>
  );
}

/** Plans whose call is one function of the market on this job. */
function usePlans(row: JobRow): (call: "cancel" | "confirm" | "expire" | "settle", state: JobState) => Plan {
  const { contracts } = useNetwork();
  const wagmi = useConfig();
  const market = contracts.market as Address;
  const id = row.job_id as Hex;
  const titles = { cancel: "Withdraw the job", confirm: "Confirm and pay", expire: "Send the money back", settle: "Settle the job" };
  const effects = {
    cancel: `${nvy(wei(row.max_price_wei), 6)} NVY and what was held for audits return to your free balance`,
    confirm: `${nvy(wei(row.price_wei), 6)} NVY go to the provider; a challenge of the result, possible for 7 days after its window, no longer brings them back`,
    expire: "the escrow returns to the client's free balance; the provider's lock is slashed where it is at fault",
    settle: `${nvy(wei(row.price_wei), 6)} NVY go to the provider`,
  };
  return (call, state) => ({
    key: `${call}:${row.job_id}`,
    title: titles[call],
    steps: [{ title: titles[call], facts: [["Effect", effects[call]]], call: () => ({ address: market, abi: jobMarketAbi, functionName: call, args: [id] }) }],
    recheck: async () => {
      const now = stateOf(Number(await readContract(wagmi, { address: market, abi: jobMarketAbi, functionName: "stateOf", args: [id] })));
      return now === state ? undefined : `The job is in another state now: ${now ? STATE_WORDS[now].title : "unknown"}.`;
    },
  });
}
