/** A new job: model, input, terms, offers, one signature. What was typed survives everything. */
import { type ReactElement, useEffect, useMemo, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import type { Address, Hex } from "viem";
import { useConfig } from "wagmi";
import { useTx } from "../actions/tx";
import { Amount, Button, Card, Facts, Notice, PageHead } from "../components/basics";
import { auditCourtAbi, jobMarketAbi } from "../generated/abis";
import { type Draft, emptyDraft, faultsOf, keepDraft, loadDraft, newSalt, whole } from "../hire/draft";
import { checkTexts, textsOf, uploadTensors } from "../hire/input";
import { type CheckedOffer, useOffers } from "../hire/offers";
import { hirePlan } from "../hire/plan";
import { useSamples } from "../hire/samples";
import { type Escrow, escrowOfListing, escrowOfOffer } from "../job/escrow";
import { allows } from "../job/manifest";
import { parseNvy } from "../job/money";
import { JOB_CLASSES, type JobClass, type JobSpec, SPEC_DEFAULTS, specFromJson } from "../job/spec";
import { useNetwork } from "../lib/context";
import { useRead } from "../queries/chain";
import { useJob } from "../queries";
import { useManifest } from "../queries/models";
import { useAccount } from "../wallet/gate";
import { useWalletDialog } from "../wallet/dialog";
import { InputCard } from "./job-new/input-card";
import { JsonCard } from "./job-new/json-card";
import { ModelCard } from "./job-new/model-card";
import { OffersCard } from "./job-new/offers-card";
import { Snippets } from "./job-new/snippets";
import { TermsCard } from "./job-new/terms-card";

const LISTING_S = 3_600;
const CHECK_AFTER_MS = 250;

export function Component(): ReactElement {
  const [params] = useSearchParams();
  const from = params.get("from");
  const model = params.get("model");
  const [draft, setDraft] = useState<Draft>(() => (model ? { ...(loadDraft() ?? emptyDraft()), modelId: model, ...(loadDraft()?.modelId === model ? {} : { inputs: {}, inputFile: undefined }) } : (loadDraft() ?? emptyDraft())));
  const change = (next: Partial<Draft>): void => setDraft((old) => changed(old, next));
  useEffect(() => {
    keepDraft(draft);
  }, [draft]);
  return (
    <>
      <PageHead title="New job" lead="A provider runs the model on your input. You pay at most the price below, from escrow, after the result was checked." actions={<Button onClick={() => setDraft(emptyDraft())}>Start over</Button>} />
      {from && <Again id={from} onChange={change} />}
      <Form draft={draft} change={change} isFirstTry={params.get("sample") === "1"} />
    </>
  );
}

/** Another model has other inputs; whatever changes the job gives it another salt, hence another id. */
function changed(old: Draft, next: Partial<Draft>): Draft {
  const draft = { ...old, ...next, salt: newSalt() };
  return next.modelId !== undefined && next.modelId !== old.modelId && next.inputFile === undefined ? { ...draft, inputs: {}, inputFile: undefined } : draft;
}

/** "Run again with changes": the terms of a job that was. */
function Again({ id, onChange }: { id: string; onChange: (change: Partial<Draft>) => void }): ReactElement | null {
  const job = useJob(id);
  const spec = job.data?.spec;
  useEffect(() => {
    if (!spec) return;
    const old = specFromJson(spec);
    onChange({
      modelId: old.modelId,
      maxRuntimeS: String(old.maxRuntimeS),
      windowMin: String(Math.round(old.windowS / 60)),
      auditSlots: String(old.auditSlots),
      inputFile: { cidHex: old.inputCid, cid: old.inputCid, name: "the input of that job", sizeBytes: 0, batch: old.batch },
    });
    // Once, when the job is known.
    // eslint-disable-next-line
  }, [spec]);
  if (job.error) return <Notice tone="warn" title="The job to start from was not found">The form holds what you typed before.</Notice>;
  return null;
}

function Form({ draft, change, isFirstTry }: { draft: Draft; change: (next: Partial<Draft>) => void; isFirstTry: boolean }): ReactElement {
  const network = useNetwork();
  const samples = useSamples();
  const manifest = useManifest(draft.modelId);
  const faults = faultsOf(draft);
  const texts = useTextFaults(draft, manifest.data);
  const [source, setSource] = useState(`${location.origin}`);
  const account = useAccount();
  const sample = samples.data?.samples.find((one) => one.model_id === draft.modelId);
  const spec = useMemo(() => specOf(draft, classOf(manifest.data, network.flags.audits)), [draft, manifest.data, network.flags.audits]);
  const price = parseNvy(draft.maxPrice);
  const isComplete = spec !== undefined && Object.keys(faults).length === 0 && price.ok;
  const asked = isComplete && account && draft.hire === "offer" ? { spec, client: account, maxPriceWei: price.wei, preset: draft.preset, chainId: network.chain_id, market: network.contracts.market as Address } : undefined;
  const offers = useOffers(asked);
  const [picked, setPicked] = useState<Address>();
  const chosen = offers.data?.offers.find((offer) => offer.offer.provider === picked) ?? offers.data?.offers[0];
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="flex min-w-0 flex-col gap-4">
        <ModelCard modelId={draft.modelId} fault={faults.modelId} manifest={manifest} samples={samples.data?.samples ?? []} onChange={(modelId) => change({ modelId })} />
        <InputCard draft={draft} manifest={manifest.data} sample={sample} faults={texts.faults} onChange={change} onSource={setSource} isFirstTry={isFirstTry} />
        {manifest.data && !draft.inputFile && !sample?.file_types && <UseTexts texts={texts} manifest={manifest.data} change={change} onSource={setSource} />}
        <TermsCard draft={draft} faults={faults} hasAudits={network.flags.audits} onChange={change} />
        {draft.hire === "offer" && <OffersCard offers={offers} isReady={asked !== undefined} chosen={chosen} onChoose={(offer) => setPicked(offer.offer.provider as Address)} />}
        <JsonCard draft={draft} spec={spec} onChange={change} />
        <Snippets draft={draft} spec={spec} />
      </div>
      <div className="lg:sticky lg:top-20">
        <Summary draft={draft} spec={isComplete ? spec : undefined} chosen={chosen} source={source} />
      </div>
    </div>
  );
}

/** Texts are judged shortly after typing; tensors of a large text take a moment. */
function useTextFaults(draft: Draft, manifest: ReturnType<typeof useManifest>["data"]): Awaited<ReturnType<typeof checkTexts>> {
  const [found, setFound] = useState<Awaited<ReturnType<typeof checkTexts>>>({ faults: {}, tensors: new Map() });
  useEffect(() => {
    if (manifest === undefined || draft.inputFile) return;
    let gone = false;
    const timer = setTimeout(() => void checkTexts(manifest, textsOf(draft, manifest)).then((next) => !gone && setFound(next)), CHECK_AFTER_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [draft, manifest]);
  return found;
}

function UseTexts({ texts, manifest, change, onSource }: { texts: Awaited<ReturnType<typeof checkTexts>>; manifest: NonNullable<ReturnType<typeof useManifest>["data"]>; change: (next: Partial<Draft>) => void; onSource: (source: string) => void }): ReactElement {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const isReady = texts.tensors.size === manifest.inputs.length && Object.keys(texts.faults).length === 0;
  const use = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const { source, ...ready } = await uploadTensors(manifest, texts.tensors);
      onSource(source);
      change({ inputFile: { ...ready, name: "typed input" } });
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : "The input could not be uploaded.");
    }
    setBusy(false);
  };
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button disabled={!isReady} busy={busy} onClick={() => void use()}>
        Use this input
      </Button>
      {error && <span className="text-bad">{error}</span>}
    </div>
  );
}

/** The class that a model is used in here: with audits it has to be one that they know. */
function classOf(manifest: ReturnType<typeof useManifest>["data"], hasAudits: boolean): JobClass {
  if (manifest === undefined) return SPEC_DEFAULTS.job_class;
  if (!hasAudits && !manifest.certificate) return manifest.job_class;
  return allows(manifest, manifest.job_class) ? manifest.job_class : (JOB_CLASSES.find((one) => allows(manifest, one)) ?? manifest.job_class);
}

function specOf(draft: Draft, jobClass: JobClass): JobSpec | undefined {
  const runtime = whole(draft.maxRuntimeS, 1, 14_400);
  const minutes = whole(draft.windowMin, 10, 1_440);
  const slots = whole(draft.auditSlots, 1, 8);
  const gain = parseNvy(draft.declaredGain);
  if (!draft.inputFile || runtime === undefined || minutes === undefined || slots === undefined || !gain.ok || !/^0x[0-9a-fA-F]{64}$/.test(draft.modelId)) return undefined;
  try {
    return specFromJson({
      ...SPEC_DEFAULTS,
      model_id: draft.modelId.toLowerCase(),
      input_cid: draft.inputFile.cidHex,
      job_class: jobClass,
      batch: draft.inputFile.batch,
      max_runtime_s: runtime,
      window_s: minutes * 60,
      audit_slots: slots,
      declared_gain_wei: gain.wei.toString(),
    });
  } catch {
    return undefined;
  }
}

function Summary({ draft, spec, chosen, source }: { draft: Draft; spec: JobSpec | undefined; chosen: CheckedOffer | undefined; source: string }): ReactElement {
  const network = useNetwork();
  const wagmi = useConfig();
  const account = useAccount();
  const connect = useWalletDialog();
  const go = useNavigate();
  const { run, isOpen } = useTx();
  const free = useRead("market", jobMarketAbi, "freeOf", account ? [account] : undefined);
  const escrow = useEscrow(draft, spec, chosen);
  const key = `hire:${draft.salt}`;
  const start = (): void => {
    if (account === undefined || spec === undefined || escrow === undefined || free.data === undefined) return;
    const how = draft.hire === "offer" && chosen ? { offer: chosen } : { listingS: LISTING_S, minLockWei: 0n };
    run(
      hirePlan({
        wagmi, network, client: account, spec, salt: draft.salt as Hex, escrow, freeWei: free.data, source, how,
        onDone: (jobId) => void go(`/jobs/${jobId}`),
      }),
    );
  };
  const why = account === undefined ? "Connect a wallet to ask for offers and to sign." : spec === undefined ? "Complete model, input and terms." : draft.hire === "offer" && chosen === undefined ? "Waiting for an offer." : escrow === undefined ? "The costs are being worked out." : free.data === undefined ? "Your free balance is being read." : undefined;
  return (
    <Card title="Costs">
      <div className="flex flex-col gap-4">
        <Facts
          items={[
            ["Price", <Amount key="p" wei={escrow?.priceWei} decimals={6} why="no offer yet" />],
            network.flags.audits && (["For audits", <Amount key="a" wei={escrow?.heldWei} decimals={6} why="no offer yet" />] as const),
            ["At most", <strong key="m"><Amount wei={escrow?.maxCostWei} decimals={6} why="no offer yet" /></strong>],
            account !== undefined && (["Free in the market", <Amount key="f" wei={free.data} />] as const),
          ]}
        />
        {escrow && free.data !== undefined && escrow.maxCostWei > free.data && <p className="text-ink-2">The difference is deposited from your wallet first, in the same go.</p>}
        {account === undefined ? (
          <Button kind="primary" onClick={connect}>
            Connect a wallet
          </Button>
        ) : (
          <Button kind="primary" disabled={why !== undefined} busy={isOpen(key)} onClick={start}>
            {draft.hire === "offer" ? "Hire" : "List"}
            {escrow && why === undefined && <> for at most <Amount wei={escrow.maxCostWei} decimals={6} unit="NVY" /></>}
          </Button>
        )}
        {why && <p className="text-ink-2">{why}</p>}
        <p className="text-[0.93rem] text-ink-3">Money waits in escrow. If nobody delivers in time, or an audit finds the result wrong, all of it comes back.</p>
      </div>
    </Card>
  );
}

/** What the job would take out of the free balance; undefined while it is not known. */
function useEscrow(draft: Draft, spec: JobSpec | undefined, chosen: CheckedOffer | undefined): Escrow | undefined {
  const { flags, contracts } = useNetwork();
  const isOffer = draft.hire === "offer";
  const offer = chosen?.offer;
  const needsTerms = isOffer && flags.audits && spec !== undefined && offer !== undefined;
  const terms = useRead("audit_court", auditCourtAbi, "terms", needsTerms ? [spec.modelId, JOB_CLASSES.indexOf(spec.jobClass), offer.provider as Address, offer.priceWei, offer.lockWei, spec.declaredGainWei, spec.auditSlots] : undefined);
  const pool = useRead("market", jobMarketAbi, "freeOf", needsTerms && contracts.audit_court ? [contracts.audit_court] : undefined);
  if (spec === undefined) return undefined;
  if (!isOffer) {
    const price = parseNvy(draft.maxPrice);
    return price.ok ? escrowOfListing(price.wei, spec.auditSlots, flags.audits) : undefined;
  }
  if (offer === undefined) return undefined;
  if (!flags.audits) return escrowOfOffer(offer.priceWei, spec.auditSlots, null, 0n);
  if (terms.data === undefined || pool.data === undefined) return undefined;
  return escrowOfOffer(offer.priceWei, spec.auditSlots, { pEconBps: BigInt(terms.data[0]), pBps: BigInt(terms.data[1]) }, pool.data);
}
