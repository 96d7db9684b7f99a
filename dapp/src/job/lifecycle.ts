/**
 * The states of a job: their names, which are final, whose move it is, what follows.
 *
 * Place: under every page that shows a job. Twin of `neurovoyance.protocol.lifecycle` (a test holds
 * both tables together); the sentences are those of the client's books. Times are chain time in unix
 * seconds. Never: a transition that is not in the table.
 */

/** Labels as the contracts and the API write them; the position is the number on chain. */
export const JOB_STATES = [
  "None", "Open", "Assigned", "Committed", "Revealed", "Disputed", "Accepted", "Rejected",
  "Invalid", "Settled", "Cancelled", "Unmatched", "ProviderCommitTimeout",
  "ProviderRevealTimeout", "ProviderAnswerTimeout", "ProviderTraceTimeout", "AuditorTimeout",
  "ChallengerTimeout", "RefereeTimeout", "Drawn", "Audited",
] as const; // prettier-ignore
export type JobState = (typeof JOB_STATES)[number];

/** Who can do the next thing. */
export type Mover = "client" | "provider" | "anyone" | "auditors" | "referees" | "nobody";

/** Where time alone leads after the deadline. */
export const AFTER_DEADLINE: Readonly<Partial<Record<JobState, JobState>>> = {
  Open: "Unmatched",
  Assigned: "ProviderCommitTimeout",
  Committed: "ProviderRevealTimeout",
  Drawn: "ProviderAnswerTimeout",
  Audited: "AuditorTimeout",
  Revealed: "Accepted",
  Disputed: "RefereeTimeout",
};

/** States in which the escrow has been paid or refunded. */
export const FINAL: ReadonlySet<JobState> = new Set<JobState>([
  "Rejected", "Invalid", "Settled", "Cancelled", "Unmatched", "ProviderCommitTimeout",
  "ProviderRevealTimeout", "ProviderAnswerTimeout", "ProviderTraceTimeout", "AuditorTimeout",
  "RefereeTimeout",
]); // prettier-ignore

const VOIDED = ["Assigned", "Committed", "Drawn", "Audited", "Revealed", "Disputed"] as const;
const EXPIRED = [
  "Unmatched", "ProviderCommitTimeout", "ProviderRevealTimeout", "ProviderAnswerTimeout",
  "AuditorTimeout", "RefereeTimeout",
] as const; // prettier-ignore

/** Every transition: `[state, event, state after]`; events are snake-case names. */
export const TRANSITIONS: readonly (readonly [JobState, string, JobState])[] = [
  ["None", "post", "Open"],
  ["None", "open", "Assigned"],
  ["Open", "accept", "Assigned"],
  ["Open", "cancel", "Cancelled"],
  ["Assigned", "commit", "Committed"],
  ["Assigned", "declare_invalid", "Invalid"],
  ["Assigned", "hand_back", "Cancelled"],
  ["Committed", "draw", "Committed"], // Drawn where an audit is drawn
  ["Committed", "reveal", "Revealed"],
  ["Revealed", "confirm", "Settled"],
  ["Accepted", "settle", "Settled"],
  ["Drawn", "open_audit", "Audited"],
  ["Audited", "uphold", "Committed"],
  ["Audited", "fail_audit", "Rejected"],
  ["Audited", "miss_answer", "ProviderAnswerTimeout"],
  ["Audited", "dispute", "Disputed"],
  ["Revealed", "dispute", "Disputed"],
  ["Disputed", "convict", "Rejected"],
  ["Disputed", "clear", "Revealed"],
  ["Disputed", "miss_trace", "ProviderTraceTimeout"],
  ...EXPIRED.map((state) => [state, "expire", state] as const),
  ...VOIDED.map((state) => [state, "void", "Invalid"] as const),
];

/** What a page says about a state. */
export interface StateWords {
  /** Short, for a chip. */
  readonly title: string;
  /** What is true now, a sentence. */
  readonly now: string;
  readonly mover: Mover;
  /** What the escrow does next, a clause that follows the deadline; empty once it is final. */
  readonly next: string;
}

const EXPIRY = "yours as soon as anyone calls expire";

function timedOut(title: string, now: string): StateWords {
  return { title, now, mover: "anyone", next: EXPIRY };
}

/** The words of every state. */
export const STATE_WORDS: Readonly<Record<JobState, StateWords>> = {
  None: { title: "Unknown", now: "No such job is on this chain.", mover: "nobody", next: "" },
  Open: {
    title: "Listed",
    now: "The job waits for a provider.",
    mover: "provider",
    next: "refunded then, unless a provider takes it",
  },
  Assigned: {
    title: "Computing",
    now: "The provider computes and has yet to commit to a result.",
    mover: "provider",
    next: "refunded then, unless the provider commits",
  },
  Committed: {
    title: "Committed",
    now: "The provider is bound to a result and has yet to reveal it.",
    mover: "provider",
    next: "refunded then, unless the provider reveals",
  },
  Drawn: {
    title: "Audit drawn",
    now: "Chance drew an audit; anyone can open it.",
    mover: "anyone",
    next: "refunded then, unless an auditor is drawn",
  },
  Audited: {
    title: "In audit",
    now: "Auditors repeat the job.",
    mover: "auditors",
    next: "refunded then, unless the auditors agree before",
  },
  Revealed: {
    title: "Result is here",
    now: "The result is public; check it, then confirm it or challenge it.",
    mover: "client",
    next: "paid to the provider then, or when you confirm",
  },
  Disputed: {
    title: "In dispute",
    now: "Referees decide about the result.",
    mover: "referees",
    next: "refunded then, unless the referees agree before",
  },
  Accepted: {
    title: "Accepted",
    now: "The window passed without a challenge.",
    mover: "anyone",
    next: "paid to the provider as soon as anyone settles",
  },
  Settled: { title: "Paid", now: "The provider was paid.", mover: "nobody", next: "" },
  Rejected: {
    title: "Rejected",
    now: "The result was found wrong; the client got its price back.",
    mover: "nobody",
    next: "",
  },
  Invalid: {
    title: "Invalid",
    now: "The job ended without a finite result; the client got its price back.",
    mover: "nobody",
    next: "",
  },
  Cancelled: {
    title: "Cancelled",
    now: "The client withdrew the job.",
    mover: "nobody",
    next: "",
  },
  Unmatched: timedOut("No taker", "No provider took the job."),
  ProviderCommitTimeout: timedOut("No result", "The provider never committed to a result."),
  ProviderRevealTimeout: timedOut("Not revealed", "The provider never revealed its result."),
  ProviderAnswerTimeout: timedOut("No answer", "The provider did not answer its audit."),
  ProviderTraceTimeout: {
    title: "No trace",
    now: "The provider did not show how it computed.",
    mover: "nobody",
    next: "",
  },
  AuditorTimeout: timedOut(
    "No auditor",
    "No audit could be held in time; nobody is at fault.",
  ),
  ChallengerTimeout: {
    title: "No challenge",
    now: "The challenger let its time pass.",
    mover: "nobody",
    next: "",
  },
  RefereeTimeout: timedOut("No verdict", "No verdict was found in time; nobody is at fault."),
};

const HANDED_BACK: StateWords = {
  title: "Handed back",
  now: "The provider handed the job back before it had computed it; the client got all its money back.",
  mover: "nobody",
  next: "",
};

/** The words of a state of a job; a cancelled one that has a provider was handed back by it. */
export function wordsOf(state: JobState, provider: string): StateWords {
  return state === "Cancelled" && provider !== "" ? HANDED_BACK : STATE_WORDS[state];
}

/** Return the state with a number on chain, or null if there is none. */
export function stateOf(number: number): JobState | null {
  return JOB_STATES[number] ?? null;
}

/** Return whether a text is the label of a state. */
export function isState(label: string): label is JobState {
  return (JOB_STATES as readonly string[]).includes(label);
}

/** Return whether time alone can change a state. */
export function isWarm(state: JobState): boolean {
  return AFTER_DEADLINE[state] !== undefined;
}

/** Return whether the client's escrow has been paid or refunded. */
export function isFinal(state: JobState): boolean {
  return FINAL.has(state);
}

/** Return whether a job that ended so gave the price back. */
export function isRefunded(state: JobState): boolean {
  return FINAL.has(state) && state !== "Settled";
}

/**
 * Return the state at a moment, time-outs and the end of the window counted in.
 *
 * A call in the deadline's own second is still in time. Twin of `JobMarket.stateOf`.
 *
 * @param stored as the index has it; the chain's `stateOf` counts time already.
 * @param deadlineS chain time, unix seconds.
 * @param timeS chain time now, unix seconds.
 */
export function effectiveState(stored: JobState, deadlineS: number, timeS: number): JobState {
  const after = AFTER_DEADLINE[stored];
  return after !== undefined && timeS > deadlineS ? after : stored;
}

/** Return the state after an event, or null if the table forbids it. */
export function nextState(state: JobState, event: string): JobState | null {
  const found = TRANSITIONS.find(([from, name]) => from === state && name === event);
  return found ? found[2] : null;
}

/** Return the names of what can happen in a state. */
export function eventsOf(state: JobState): string[] {
  return TRANSITIONS.filter(([from]) => from === state).map(([, name]) => name);
}

/** The states of a job that goes well, for a progress bar; audits come in between. */
export const HAPPY_PATH: readonly JobState[] = ["Assigned", "Committed", "Revealed", "Settled"];
