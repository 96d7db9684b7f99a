/** What a plan shows while it runs: the decoded call, its cost, what became of it. Loaded when needed. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { TransactionReceipt } from "viem";
import { useConfig, useConnection } from "wagmi";
import { Amount, Button, Facts, Hash, Notice } from "../components/basics";
import { Dialog } from "../components/dialog";
import { Icon } from "../components/icons";
import { nvy } from "../lib/format";
import { useNetwork } from "../lib/context";
import { type Failure, failureOf } from "../wallet/errors";
import { FailureNotice } from "./failure-notice";
import { type Prepared, type Sender, prepare, send, tryCall } from "./run";
import type { Plan } from "./types";
import { Cancelled } from "./wait";

type Phase = "checking" | "ready" | "signing" | "pending" | "done" | "failed";

export default function TxDialog({ plan, onClose }: { plan: Plan; onClose: () => void }): ReactElement {
  const network = useNetwork();
  const wagmi = useConfig();
  const client = useQueryClient();
  const { address, chainId } = useConnection();
  const [index, setIndex] = useState(0);
  const [phase, setPhase] = useState<Phase>("checking");
  const [prepared, setPrepared] = useState<Prepared>();
  const [failure, setFailure] = useState<Failure>();
  const [changed, setChanged] = useState<string>();
  const [hash, setHash] = useState<string>();
  const receipts = useRef<TransactionReceipt[]>([]);
  const alive = useRef(true);
  // One click signs the whole plan as shown; the wallet still asks for each transaction.
  const going = useRef(false);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  const step = plan.steps[index];
  const sender = useMemo<Sender | undefined>(
    () => (address === undefined ? undefined : { wagmi, client, account: address, chainId: network.chain_id }),
    [wagmi, client, address, network.chain_id],
  );

  const check = useCallback(async () => {
    if (step === undefined || sender === undefined) return;
    setPhase("checking");
    setFailure(undefined);
    try {
      if (await step.isDone?.()) {
        if (alive.current) advance();
        return;
      }
      // A step by signature is tried when it is signed: before the click the wallet is not bothered.
      const found = step.bySignature ? undefined : await prepare(sender, step);
      if (!alive.current) return;
      setPrepared(found);
      setPhase("ready");
      if (going.current) await sign(found);
    } catch (error) {
      await fail(error);
    }
    // eslint-disable-next-line
  }, [step, sender]);

  useEffect(() => {
    void check();
  }, [check]);

  const stop = (found: Failure): void => {
    going.current = false;
    if (!alive.current) return;
    setFailure(found);
    setPhase("failed");
  };

  /** A mined transaction tells no reason: the same call on the chain as it is now does. */
  const refused = async (from: Sender, { call }: Prepared): Promise<void> => {
    const why = await tryCall(from, call).then(() => undefined, failureOf);
    const told = why?.kind === "reverted" ? why : { kind: "reverted" as const, name: "", args: [], message: "" };
    stop({ ...told, message: `${told.message} Something changed after it was sent. The network's fee is spent; nothing else moved.`.trim() });
  };

  const fail = async (error: unknown): Promise<void> => {
    const found = await failureOf(error);
    if (!alive.current) return;
    going.current = false;
    setFailure(step?.isSignedOnly && found.kind === "failed" ? { ...found, title: "It could not be signed" } : found);
    setPhase(found.kind === "rejected" && (prepared !== undefined || step?.bySignature) ? "ready" : "failed");
  };

  const advance = (): void => {
    setPrepared(undefined);
    setHash(undefined);
    if (index + 1 < plan.steps.length) {
      setIndex(index + 1);
      return;
    }
    setPhase("done");
    plan.onDone?.(receipts.current);
    if (plan.closesWhenDone) onClose();
  };

  const sign = async (ready: Prepared | undefined): Promise<void> => {
    if (sender === undefined || step === undefined || (ready === undefined && !step.bySignature)) return;
    going.current = true;
    setPhase("signing");
    setFailure(undefined);
    setChanged(undefined);
    try {
      const difference = await plan.recheck?.();
      if (difference !== undefined) {
        going.current = false;
        setChanged(difference);
        setPhase("ready");
        return;
      }
      if (ready === undefined && (await step.bySignature?.())) {
        advance();
        return;
      }
      const sending = ready ?? (await prepare(sender, step));
      const receipt = await send(sender, step.title, sending, (sent) => {
        setHash(sent);
        setPhase("pending");
      });
      if (receipt.status === "reverted") {
        await refused(sender, sending);
        return;
      }
      receipts.current.push(receipt);
      if (alive.current) advance();
      else if (index + 1 === plan.steps.length) plan.onDone?.(receipts.current);
    } catch (error) {
      if (error instanceof Cancelled) stop({ kind: "failed", title: "Replaced in your wallet", message: error.message, hint: "This step was not done; what you typed is kept." });
      else await fail(error);
    }
  };

  const onWrongChain = chainId !== undefined && chainId !== network.chain_id;
  return (
    <Dialog open onClose={onClose} title={phase === "done" ? `${plan.title}: done` : plan.title} description={plan.steps.length > 1 && phase !== "done" ? "One click here; your wallet asks for each step." : undefined}>
      <div className="flex flex-col gap-4" data-phase={phase}>
        {phase !== "done" && plan.steps.length > 1 && <Steps plan={plan} at={index} />}
        {phase !== "done" && step && (
          <Facts
            items={[
              ...step.facts,
              plan.maxCostWei !== undefined && (["At most", <Amount key="cost" wei={plan.maxCostWei} />] as const),
              plan.refund !== undefined && (["What comes back", plan.refund] as const),
              ["Network fee", step.isSignedOnly ? "none: nothing is sent" : step.bySignature ? "none: a signature, or a small one if your wallet cannot sign it" : prepared ? <Amount key="fee" wei={prepared.feeWei} unit="ETH" decimals={6} /> : <span className="text-ink-3">being estimated…</span>],
              !step.bySignature && ["Call", prepared ? <CallText key="call" prepared={prepared} /> : "—"] as const,
            ]}
          />
        )}
        {plan.warning && phase !== "done" && <Notice tone="warn" title="Before you sign">{plan.warning}</Notice>}
        {changed && <Notice tone="warn" title="The chain says something else now">{changed} Nothing was signed.</Notice>}
        {failure?.kind === "rejected" && <p className="text-ink-2">You declined in the wallet. Nothing was sent; what you typed is kept.</p>}
        {failure && failure.kind !== "rejected" && <FailureNotice failure={failure} />}
        {phase === "pending" && hash && (
          <p role="status" className="text-ink-2">
            Sent as <Hash value={hash} what="transaction hash" />. Waiting for the chain. You may close this; the transaction goes on and stays in the tray.
          </p>
        )}
        {phase === "signing" && <p role="status" className="text-ink-2">Confirm in your wallet.</p>}
        {phase === "done" && (
          <p role="status">
            {receipts.current.length === 0 ? "It was done already." : "On chain, and counted."} {plan.maxCostWei !== undefined && `It cost ${nvy(plan.maxCostWei)} NVY at most.`}
          </p>
        )}
        {onWrongChain && phase !== "done" && <Notice tone="warn" title="Your wallet is on another chain">Switch it to {network.chain_name} first.</Notice>}
        <div className="flex flex-wrap justify-end gap-2">
          <Button kind="quiet" onClick={onClose}>
            {phase === "done" || phase === "pending" ? "Close" : "Cancel"}
          </Button>
          {phase === "failed" && <Button onClick={() => void check()}>Try again</Button>}
          {phase !== "done" && phase !== "failed" && (
            <Button kind="primary" disabled={phase !== "ready" || onWrongChain} busy={phase === "checking" || phase === "signing" || phase === "pending"} onClick={() => void sign(prepared)}>
              {phase === "checking" ? "Trying it" : phase === "pending" ? "On its way" : phase === "signing" ? "In your wallet" : failure?.kind === "rejected" ? "Sign after all" : "Sign"}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

/** All transactions of the plan, before the first is signed. */
function Steps({ plan, at }: { plan: Plan; at: number }): ReactElement {
  return (
    <ol className="flex flex-col gap-1">
      {plan.steps.map((step, index) => (
        <li key={step.title} className={`flex items-center gap-2 ${index === at ? "font-semibold" : "text-ink-2"}`} aria-current={index === at ? "step" : undefined}>
          <span className={`inline-flex size-5 flex-none items-center justify-center rounded-full text-[0.8rem] ${index < at ? "bg-good-soft text-good" : "bg-raised text-ink-2"}`}>
            {index < at ? <Icon name="check" size={11} /> : index + 1}
          </span>
          {step.title}
        </li>
      ))}
    </ol>
  );
}

function CallText({ prepared }: { prepared: Prepared }): ReactElement {
  const { call } = prepared;
  const args = call.args.map((value) => (typeof value === "object" ? JSON.stringify(value, (_k, v: unknown) => (typeof v === "bigint" ? v.toString() : v)) : String(value)));
  return (
    <details>
      <summary>
        <code>{call.functionName}</code>
      </summary>
      <pre className="mt-1 max-h-40 overflow-auto rounded bg-raised p-2 whitespace-pre-wrap">{`to ${call.address}\n${args.map((arg, n) => `${n + 1}: ${arg}`).join("\n")}`}</pre>
    </details>
  );
}
