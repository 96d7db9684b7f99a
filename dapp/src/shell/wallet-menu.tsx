/** What one can do with the connected account. */
import { DropdownMenu } from "radix-ui";
import type { ReactElement } from "react";
import { useNavigate } from "react-router";
import { useConnection, useDisconnect } from "wagmi";
import { Icon } from "../components/icons";
import { shortHex } from "../lib/format";
import { isDemo } from "../wallet/dialog";

const ITEM = "flex cursor-pointer items-center gap-2 rounded px-2.5 py-1.5 outline-none data-[highlighted]:bg-raised";

export default function WalletMenu(): ReactElement | null {
  const { address, connector } = useConnection();
  const disconnect = useDisconnect();
  const go = useNavigate();
  if (address === undefined) return null;
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger className="button" aria-label={`Account ${shortHex(address, 6, 4)}`} title={address}>
        <Icon name="wallet" />
        <code>{shortHex(address, 6, 4)}</code>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={6} className="card z-50 min-w-52 p-1">
          <DropdownMenu.Label className="px-2.5 py-1 text-ink-2">{isDemo(connector) ? "Demo wallet" : connector?.name}</DropdownMenu.Label>
          <DropdownMenu.Item className={ITEM} onSelect={() => void go(`/account/${address}`)}>
            <Icon name="account" /> Account and history
          </DropdownMenu.Item>
          <DropdownMenu.Item className={ITEM} onSelect={() => void navigator.clipboard.writeText(address)}>
            <Icon name="copy" /> Copy the address
          </DropdownMenu.Item>
          <DropdownMenu.Item className={ITEM} onSelect={() => void go("/settings")}>
            <Icon name="settings" /> Settings
          </DropdownMenu.Item>
          <DropdownMenu.Separator className="my-1 border-t border-line" />
          <DropdownMenu.Item className={ITEM} onSelect={() => disconnect.mutate({})}>
            <Icon name="cross" /> Disconnect
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
