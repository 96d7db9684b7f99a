/** What was paid: median and the band that eight of ten jobs fell into. Never a mean of offers. */
import type { ReactElement } from "react";
import { wei } from "../lib/api";
import type { Band } from "../queries/overview";
import { Amount, Unknown } from "./basics";

export function PriceBand({ band }: { band: Band }): ReactElement {
  if (band.median_wei === null) return <Unknown why="nothing was settled in this time" />;
  return (
    <span title="median; in brackets the 10th and 90th of a hundred">
      <Amount wei={wei(band.median_wei)} />
      {band.p10_wei !== band.p90_wei && band.p10_wei !== null && band.p90_wei !== null && (
        <span className="text-ink-3">
          {" "}
          (<Amount wei={wei(band.p10_wei)} unit="" />–<Amount wei={wei(band.p90_wei)} unit="" />)
        </span>
      )}
    </span>
  );
}
