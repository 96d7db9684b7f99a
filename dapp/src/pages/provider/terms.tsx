/** Prices as its node published them, and its commission on what delegators earn. */
import { type ReactElement, useState } from "react";
import type { Address } from "viem";
import { useTx } from "../../actions/tx";
import { Amount, Button, Card, Chip, Facts, Field, Moment } from "../../components/basics";
import { Dialog } from "../../components/dialog";
import { Ask, Empty, SourceNote } from "../../components/states";
import { sameAddress, whole } from "../../hire/draft";
import { wei } from "../../lib/api";
import { useChainNow } from "../../lib/clock";
import { useNetwork } from "../../lib/context";
import { count, percentOfBps, plain, span } from "../../lib/format";
import { usePools } from "../../money/facts";
import { commissionPlan, useDesk } from "../../money/plans";
import { COMMISSION_MAX_BPS } from "../../money/stakes";
import { useStanding } from "../../queries";

export function Terms({ provider, you }: { provider: Address; you: Address | undefined }): ReactElement {
  const { flags } = useNetwork();
  const standing = useStanding();
  const now = useChainNow(10_000);
  const offer = standing.data?.offers.find(({ offer: one }) => sameAddress(one.provider, provider))?.offer;
  return (
    <>
      <Card title="Prices" aside={offer && (offer.expires_s > now ? <Chip tone="good">fresh</Chip> : <Chip tone="warn">expired</Chip>)} flush={!offer}>
        <Ask asked={standing} what="price list" isEmpty={() => offer === undefined} empty={<Empty>It publishes no prices now. A running node does by itself.</Empty>}>
          {() =>
            offer && (
              <Facts
                items={[
                  ["For taking a job", <Amount key="b" wei={wei(offer.base_price_wei)} />],
                  ...offer.devices.map((device) => [`A second on ${plain(device.device, 24)}`, <Amount key={device.device} wei={wei(device.per_second_wei)} />] as const),
                  ["Slots", `${count(offer.occupied)} of ${count(offer.slots)} in use`],
                  ["Longest run", span(offer.max_runtime_s)],
                  ["Stake behind a job", `${count(offer.lock_multiple)} times the price`],
                  ["Said", <Moment key="s" unixS={offer.issued_s} />],
                ]}
              />
            )
          }
        </Ask>
        {offer && you && (
          <p className="mt-3 text-ink-2">
            Prices are the node's own settings: <code>neurovoyance node init --base-price 0.02</code> changes one, and a restart applies it.
          </p>
        )}
      </Card>
      {flags.economy && <CommissionCard provider={provider} you={you} />}
    </>
  );
}

function CommissionCard({ provider, you }: { provider: Address; you: Address | undefined }): ReactElement {
  const pools = usePools([provider]);
  const [open, setOpen] = useState(false);
  return (
    <Card title="Delegation" aside={<SourceNote source="chain" updatedAt={pools.dataUpdatedAt} />}>
      <Ask asked={pools} what="delegation">
        {([pool]) =>
          pool && (
            <>
              <Facts
                items={[
                  ["Commission", percentOfBps(pool.commissionBps)],
                  pool.nextSinceS > 0n && ["Next commission", <span key="n">{percentOfBps(pool.nextBps)} <Moment unixS={Number(pool.nextSinceS)} /></span>],
                  ["Delegated to it", <Amount key="d" wei={pool.delegatedWei} />],
                  ["Counts for emission", <Amount key="w" wei={pool.weightWei} />],
                ]}
              />
              {you && (
                <Button className="mt-3" onClick={() => setOpen(true)}>
                  Change the commission
                </Button>
              )}
              {you && open && <CommissionDialog you={you} nowBps={pool.commissionBps} onClose={() => setOpen(false)} />}
            </>
          )
        }
      </Ask>
    </Card>
  );
}

function CommissionDialog({ you, nowBps, onClose }: { you: Address; nowBps: bigint; onClose: () => void }): ReactElement {
  const desk = useDesk(you);
  const { run } = useTx();
  const [text, setText] = useState(String(Number(nowBps) / 100));
  const bps = toBps(text);
  return (
    <Dialog open onClose={onClose} title="Change the commission" description="Your part of what delegators earn. A cut applies at once, a rise after its notice.">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (bps === undefined) return;
          onClose();
          run(commissionPlan(desk, BigInt(bps)));
        }}
      >
        <Field label="Per cent" error={bps === undefined ? `From 0 to ${COMMISSION_MAX_BPS / 100}, with two decimals at most.` : undefined}>
          {(field) => <input {...field} className="input" inputMode="decimal" value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="primary" type="submit" disabled={bps === undefined}>
            Go on
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** "4.5" is 450; undefined where it is no percentage within bounds. */
function toBps(text: string): number | undefined {
  const match = /^([0-9]{1,2})(?:\.([0-9]{1,2}))?$/.exec(text.trim());
  return match ? whole(`${match[1]}${(match[2] ?? "").padEnd(2, "0")}`, 0, COMMISSION_MAX_BPS) : undefined;
}
