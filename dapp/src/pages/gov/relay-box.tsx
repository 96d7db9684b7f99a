/** Somebody else's signed vote: pasted, checked, sent from any wallet. */
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { type Config as WagmiConfig, useConfig } from "wagmi";
import { useTx } from "../../actions/tx";
import { Amount, Button, Facts, Field } from "../../components/basics";
import { standardGovernorAbi } from "../../generated/abis";
import { type Ballot, parseBallot } from "../../gov/ballot";
import { SUPPORT_WORDS } from "../../gov/proposals";
import { sameAddress } from "../../hire/draft";
import type { Config } from "../../lib/config";
import { useNetwork } from "../../lib/context";
import { plain } from "../../lib/format";
import { readNow } from "../../queries/chain";
import { useAccount } from "../../wallet/gate";
import { ballotRefusal } from "./actions";
import { Voter } from "./parts";
import { type Proposal, relayPlan } from "./plans";
import { readProposals } from "./reads";
import { NOT_ANOTHERS } from "../../queries/client";

const BALLOT_MAX = 20_000;

type Checked = { ballot: Ballot; weightWei: bigint } | { fault: string };

/** Refuse a ballot that the governor would refuse, in a sentence. */
async function check(wagmi: WagmiConfig, network: Config, proposal: Proposal, text: string): Promise<Checked> {
  const found = parseBallot(text);
  if ("fault" in found) return found;
  const { ballot } = found;
  if (ballot.chainId !== network.chain_id || !sameAddress(ballot.governor, proposal.governor)) return { fault: "The ballot is of another network or governor." };
  if (ballot.proposalId !== proposal.id) return { fault: "The ballot is about another proposal; open that one." };
  const [nonce, now] = await Promise.all([
    readNow(wagmi, proposal.governor, standardGovernorAbi, "nonces", [ballot.voter]),
    readProposals(wagmi, network, [proposal], ballot.voter),
  ]);
  const state = now.get(proposal.id);
  if (state?.hasVoted) return { fault: "This voter has voted already." };
  if (nonce !== ballot.nonce) return { fault: `The ballot bears the number ${ballot.nonce}, the voter's next one is ${nonce}: it was cast already, or signed before another one.` };
  if (!state?.myVotesWei) return { fault: "This voter had no votes at the snapshot." };
  const refusal = await ballotRefusal(wagmi, ballot);
  if (refusal) return { fault: `${refusal} Perhaps the ballot was changed since.` };
  return { ballot, weightWei: state.myVotesWei };
}

export function RelayBox({ proposal }: { proposal: Proposal }): ReactElement {
  const network = useNetwork();
  const wagmi = useConfig();
  const account = useAccount();
  const { run } = useTx();
  const [text, setText] = useState("");
  const isLong = text.length > BALLOT_MAX;
  const checked = useQuery({
    queryKey: ["chain", "gov", "ballot", proposal.id.toString(), text],
    queryFn: () => check(wagmi, network, proposal, text),
    enabled: text.trim() !== "" && !isLong,
    ...NOT_ANOTHERS,
  });
  const found = checked.data;
  const fault = isLong ? "This is too long for a ballot." : found && "fault" in found ? found.fault : checked.error ? "The chain could not be asked about this ballot." : undefined;
  const good = !isLong && text.trim() !== "" && found && "ballot" in found ? found : undefined;
  return (
    <details className="border-t border-line p-4">
      <summary className="font-medium">Send somebody's signed vote</summary>
      <div className="mt-3 flex flex-col gap-3">
        <Field label="Signed ballot" hint="The whole JSON that its voter gave you. You pay the network's fee and cannot change it." error={fault}>
          {(field) => <textarea {...field} className="input font-mono" rows={5} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} placeholder='{"format": "neurovoyance-ballot/1", …}' />}
        </Field>
        {good && (
          <Facts
            items={[
              ["Voter", <Voter key="v" value={good.ballot.voter} />],
              ["Vote", SUPPORT_WORDS[good.ballot.support]],
              ["With", <Amount key="w" wei={good.weightWei} unit="votes" />],
              ["Reason", plain(good.ballot.reason, 400) || "none given"],
            ]}
          />
        )}
        <div>
          <Button disabled={!good || account === undefined} onClick={() => good && run(relayPlan({ wagmi, network }, proposal, good.ballot, good.weightWei, () => setText("")))}>
            Send this vote
          </Button>
        </div>
        {good && account === undefined && <p className="text-ink-2">Connect a wallet to pay the network's fee.</p>}
      </div>
    </details>
  );
}
