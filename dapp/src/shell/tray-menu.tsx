/** The list of this browser's transactions. */
import { DropdownMenu } from "radix-ui";
import type { ReactElement } from "react";
import { clearFinished } from "../actions/pending";
import type { Pending, PendingStatus } from "../actions/types";
import { Chip, Hash, Moment, type Tone } from "../components/basics";
import { Icon } from "../components/icons";

const LOOKS: Record<PendingStatus, [Tone, string]> = {
  pending: ["info", "on its way"],
  mined: ["good", "on chain"],
  indexed: ["good", "on chain and indexed"],
  reverted: ["bad", "reverted"],
  cancelled: ["neutral", "cancelled in the wallet"],
  lost: ["warn", "not found on the chain"],
};

export default function TrayMenu({ entries }: { entries: readonly Pending[] }): ReactElement {
  const open = entries.filter((entry) => entry.status === "pending").length;
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="button" aria-label={open > 0 ? `Transactions: ${open} on the way` : "Transactions"}>
        <Icon name={open > 0 ? "clock" : "check"} />
        <span className="hidden sm:inline">{open > 0 ? `${open} on the way` : "Transactions"}</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={6} className="card z-50 w-[min(24rem,calc(100vw-1rem))] p-2">
          <DropdownMenu.Label className="px-2 pb-1 font-semibold">Transactions of this browser</DropdownMenu.Label>
          <ul className="max-h-80 overflow-y-auto">
            {entries.map((entry) => (
              <li key={entry.hash} className="border-t border-line px-2 py-2">
                <div className="flex justify-between gap-2">
                  <span>{entry.title}</span>
                  <Chip tone={LOOKS[entry.status][0]}>{LOOKS[entry.status][1]}</Chip>
                </div>
                <div className="flex justify-between gap-2 text-ink-2">
                  <Hash value={entry.hash} to={`/tx/${entry.hash}`} what="transaction hash" />
                  <Moment unixS={entry.sentAtMs / 1000} clock="browser" />
                </div>
              </li>
            ))}
          </ul>
          <DropdownMenu.Item className="mt-1 cursor-pointer rounded px-2 py-1.5 text-ink-2 outline-none data-[highlighted]:bg-raised" onSelect={clearFinished}>
            Forget those that are finished
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
