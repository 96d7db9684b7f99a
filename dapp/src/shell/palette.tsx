/** The command palette: pages, actions, and whatever a pasted id leads to. */
import { type KeyboardEvent, type ReactElement, useId, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { Dialog } from "../components/dialog";
import { Icon, type IconName } from "../components/icons";
import { useWalletDialog } from "../wallet/dialog";
import { resolve } from "./search";
import { usePlaces } from "./places";
import { setTheme } from "./theme";

interface Command {
  label: string;
  icon: IconName;
  run: () => void;
}

export default function Palette({ onClose }: { onClose: () => void }): ReactElement {
  const go = useNavigate();
  const connect = useWalletDialog();
  const places = usePlaces();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const commands = useMemo<Command[]>(
    () => [
      ...places.flatMap((place) => (place === "line" ? [] : [{ label: place.label, icon: place.icon, run: () => void go(place.to) }])),
      { label: "New job", icon: "play", run: () => void go("/jobs/new") },
      { label: "Set up a node", icon: "provider", run: () => void go("/provider/setup") },
      { label: "Connect a wallet", icon: "wallet", run: connect },
      { label: "Light theme", icon: "settings", run: () => setTheme("light") },
      { label: "Dark theme", icon: "settings", run: () => setTheme("dark") },
      { label: "The system's theme", icon: "settings", run: () => setTheme("system") },
    ],
    [places, go, connect],
  );
  const wanted = text.trim().toLowerCase();
  const isId = /^0x[0-9a-f]{6,}$/.test(wanted) || /^[0-9]{6,}$/.test(wanted);
  const found = isId ? [{ label: `Go to ${text.trim().slice(0, 24)}`, icon: "search" as const, run: () => void resolve(text).then((to) => void go(to ?? "/not-found")) }] : commands.filter((command) => command.label.toLowerCase().includes(wanted));
  const chosen = Math.min(at, found.length - 1);
  const choose = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") choose(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog open onClose={onClose} title="Go to">
      <input
        autoFocus
        className="input"
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label="Page, action, or id"
        placeholder="Page, action, or a pasted id"
        value={text}
        onChange={(event) => (setText(event.target.value), setAt(0))}
        onKeyDown={onKey}
        spellCheck={false}
        autoComplete="off"
      />
      <ul id={id} role="listbox" aria-label="Results" className="mt-2 max-h-80 overflow-y-auto">
        {found.map((command, index) => (
          <li
            key={command.label}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className={`flex cursor-pointer items-center gap-2 rounded px-2.5 py-2 ${index === chosen ? "bg-accent-soft" : "hover:bg-raised"}`}
            onClick={() => choose(command)}
          >
            <Icon name={command.icon} /> {command.label}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="p-3 text-ink-2">Nothing is called that. Paste a job id, a transaction, an address or a proposal.</p>}
    </Dialog>
  );
}
