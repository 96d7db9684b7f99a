/** What to type on the computer that is to work, as the choices make it. Pure. */
import { parseNvy } from "../job/money.ts";

export interface Choices {
  invitation: string;
  isIdle: boolean;
  isVolunteer: boolean;
  stake: string;
}

export const FIRST_CHOICES: Choices = { invitation: "", isIdle: true, isVolunteer: false, stake: "" };

/** A command, and what it does in a sentence. */
export interface Line {
  command: string;
  about: string;
}

/** A shell takes everything between single quotes as it is. */
const quoted = (text: string): string => (/^[A-Za-z0-9_./:~@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The commands in their order; on a devnet with a folder apart from the one of the network. */
export function linesOf(choices: Choices, isDev: boolean): Line[] {
  const home = isDev ? " --home ~/lender" : "";
  const stake = parseNvy(choices.stake);
  const staked = choices.stake.trim() !== "" && stake.ok ? ` --stake ${choices.stake.trim().replaceAll(",", "")}` : "";
  const lines: Line[] = [
    { command: "pip install neurovoyance", about: "Into a virtual environment, best." },
    { command: `neurovoyance join ${choices.invitation.trim() ? quoted(choices.invitation.trim()) : "INVITATION"}${home}`, about: "Addresses, checked against the chain, and a key of your own: the owner's." },
    { command: `neurovoyance node init ${choices.isIdle ? "--idle" : "--always"}${staked}${home}`, about: "A hot key for the node, its settings, registration and stake." },
    { command: `neurovoyance node start${home}`, about: "It works until Ctrl-C, which finishes work under way first." },
    { command: `neurovoyance doctor${home}`, about: "In a second terminal: what is missing here, and what to do." },
  ];
  if (choices.isVolunteer) lines.push({ command: `neurovoyance node lend volunteer${home}`, about: "Lends for one wei to the clients listed as public_clients in node.toml." });
  return lines;
}
