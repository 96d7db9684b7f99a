/** The receipt of a job: made from chain data, signed by the client if it likes, and checked again here. */
import { type ReactElement, useState } from "react";
import { getAddress } from "viem";
import { useConfig } from "wagmi";
import { signMessage } from "wagmi/actions";
import { Button, Card, Field, Notice } from "../../components/basics";
import { useJobState } from "../../components/job-state";
import { explain } from "../../components/states";
import { sameAddress } from "../../hire/draft";
import { saveFile } from "../../lib/csv";
import { useNetwork } from "../../lib/context";
import { plain } from "../../lib/format";
import { useManifest } from "../../queries/models";
import type { EventRow, JobRow } from "../../queries/rows";
import { isRejection } from "../../wallet/errors";
import { useAccount } from "../../wallet/gate";
import { blockTimes } from "./evidence";

const MAX_BYTES = 16 << 20;
type Said = { tone: "good" | "bad" | "info"; title: string; lines: string[] };

export function Receipt({ row, events }: { row: JobRow; events: readonly EventRow[] }): ReactElement | null {
  const network = useNetwork();
  const wagmi = useConfig();
  const you = useAccount();
  const state = useJobState(row);
  const manifest = useManifest(row.model_id);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<Said>();
  if (events.length === 0 || state === undefined) return null;
  const sources = async () => {
    const times = await blockTimes(wagmi, events);
    return { chainId: network.chain_id, market: getAddress(network.contracts.market ?? "0x"), state, events: events as never, timeOf: (block: number) => times.get(block) ?? 0 };
  };
  const guarded = async (work: () => Promise<Said | undefined>): Promise<void> => {
    setBusy(true);
    setSaid(undefined);
    try {
      setSaid(await work());
    } catch (error) {
      setSaid(isRejection(error) ? { tone: "info", title: "Not signed", lines: ["You declined in the wallet; nothing was saved."] } : { tone: "bad", title: "It did not work", lines: [explain(error).message] });
    }
    setBusy(false);
  };
  const download = (signs: boolean): Promise<void> =>
    guarded(async () => {
      const { buildReceipt, receiptText, signReceipt } = await import("../../job/receipt");
      const bare = buildReceipt(await sources(), manifest.data?.model_cid ?? "");
      const receipt = signs && you ? await signReceipt(bare, you, (raw) => signMessage(wagmi, { account: you, message: { raw } })) : bare;
      saveFile(`receipt-${row.job_id.slice(2, 14)}.json`, receiptText(receipt), "application/json");
      return undefined;
    });
  const check = (file: File | undefined): Promise<void> | undefined =>
    file &&
    guarded(async () => {
      if (file.size > MAX_BYTES) return { tone: "bad", title: "Too long for a receipt", lines: [`${file.name} is longer than 16 MiB.`] };
      const { chainFaults, parseReceipt, receiptFaults, signatureFaults } = await import("../../job/receipt");
      const { jobFacts } = await import("../../job/facts");
      const receipt = parseReceipt(await file.text());
      if (receipt.job_id !== row.job_id) return { tone: "bad", title: "A receipt of another job", lines: [`It is about ${plain(String(receipt.job_id), 80)}.`] };
      const signed = receipt.signature !== undefined;
      const faults = [...(signed ? await signatureFaults(receipt) : []), ...receiptFaults(receipt), ...chainFaults(receipt, jobFacts(await sources()))];
      if (faults.length > 0) return { tone: "bad", title: "The receipt does not hold", lines: faults };
      return { tone: "good", title: "The receipt holds", lines: [signed ? `Signed by ${plain(String(receipt.signed_by), 60)}, and equal to what the chain says.` : "It is not signed, and equals what the chain says."] };
    });
  return (
    <Card title="Receipt">
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap gap-2">
          <Button busy={busy} onClick={() => void download(false)}>
            Download
          </Button>
          {sameAddress(you, row.client) && (
            <Button busy={busy} onClick={() => void download(true)}>
              Sign and download
            </Button>
          )}
        </div>
        <Field label="Check a receipt" hint={<>Or in a terminal: <code>neurovoyance receipt check FILE</code></>}>
          {(field) => <input {...field} type="file" accept="application/json,.json" className="input py-1.5" onChange={(event) => void check(event.target.files?.[0])} />}
        </Field>
        {said && (
          <Notice tone={said.tone} title={said.title}>
            <ul>
              {said.lines.map((line) => (
                <li key={line}>{plain(line, 400)}</li>
              ))}
            </ul>
          </Notice>
        )}
      </div>
    </Card>
  );
}
