/** Who would do it, in order, and why the others would not. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { Addr, Amount, Button, Card, Chip } from "../../components/basics";
import { Ask, Empty } from "../../components/states";
import type { CheckedOffer, Offers } from "../../hire/offers";
import { plain, span } from "../../lib/format";

interface Props {
  offers: UseQueryResult<Offers>;
  isReady: boolean;
  chosen: CheckedOffer | undefined;
  onChoose: (offer: CheckedOffer) => void;
}

export function OffersCard({ offers, isReady, chosen, onChoose }: Props): ReactElement {
  return (
    <Card title="4. Offers" aside={isReady && <Button kind="quiet" onClick={() => void offers.refetch()} busy={offers.isFetching}>Ask again</Button>} flush>
      {!isReady ? (
        <Empty>Every node is asked for a binding price as soon as model, input and terms are complete and a wallet is connected.</Empty>
      ) : (
        <Ask asked={offers} what="offers">
          {(found) => (
            <div>
              {found.offers.length === 0 && <p className="px-4 pt-4">Nobody makes an offer. {plain(found.summary, 300)}</p>}
              <ul>
                {found.offers.map((offer) => (
                  <OfferLine key={offer.offer.provider} offer={offer} isChosen={offer === chosen} onChoose={() => onChoose(offer)} />
                ))}
              </ul>
              {found.refusals.length > 0 && (
                <details className="px-4 py-3">
                  <summary className="text-ink-2">
                    {found.refusals.length} {found.refusals.length === 1 ? "node" : "nodes"} refused
                  </summary>
                  <ul className="mt-2 flex flex-col gap-1 text-[0.93rem]">
                    {found.refusals.map((refusal, index) => (
                      <li key={index}>
                        <Chip tone="neutral" icon={null}>
                          {plain(refusal.cause, 20)}
                        </Chip>{" "}
                        {plain(refusal.message, 300)}
                      </li>
                    ))}
                  </ul>
                </details>
              )}
            </div>
          )}
        </Ask>
      )}
    </Card>
  );
}

function OfferLine({ offer, isChosen, onChoose }: { offer: CheckedOffer; isChosen: boolean; onChoose: () => void }): ReactElement {
  const { line } = offer;
  return (
    <li className={`border-b border-line px-4 py-2.5 last:border-0 ${isChosen ? "bg-accent-soft" : ""}`}>
      <label className="flex items-start gap-3">
        <input type="radio" name="offer" checked={isChosen} onChange={onChoose} className="mt-1 size-4 accent-accent" aria-label={`Offer of ${line.provider}`} />
        <span className="min-w-0 flex-1">
          <span className="flex flex-wrap items-center justify-between gap-2">
            <Addr value={line.provider} />
            <strong>
              <Amount wei={offer.offer.priceWei} />
            </strong>
          </span>
          <span className="block text-[0.93rem] text-ink-2">
            {line.time_ms > 0 && `about ${span(Math.max(1, line.time_ms / 1000))}; `}
            {line.reasons.map((reason) => plain(reason, 160)).join("; ")}
          </span>
        </span>
      </label>
    </li>
  );
}
