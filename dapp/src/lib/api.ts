/** The market service over HTTP, same origin. Every failure becomes one kind of error with a code and a hint. */
import { plain } from "./format.ts";

/** A failure that can be shown: what happened, whether money moved, what to do. */
export class ApiError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly status: number;
  readonly retryAfterS: number | undefined;
  readonly context: Record<string, unknown>;

  constructor(message: string, fields: Partial<Omit<ApiError, "message" | "name">> = {}) {
    super(message);
    this.name = "ApiError";
    this.code = fields.code ?? "dapp.unknown";
    this.hint = fields.hint ?? "Try again; nothing was sent.";
    this.status = fields.status ?? 0;
    this.retryAfterS = fields.retryAfterS;
    this.context = fields.context ?? {};
  }
}

/**
 * Find, in what a library wrapped around it, that the chain was not there to answer.
 *
 * @returns the same in our words; undefined for any other failure.
 */
export function chainAway(error: unknown): ApiError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApiError) return cause.code === CHAIN_AWAY ? cause : undefined;
    if (cause.name === "HttpRequestError" || cause.name === "TimeoutError") {
      return new ApiError("The chain does not answer now.", { code: CHAIN_AWAY, hint: "No money moved by this, and what you typed is kept. The page asks again by itself; /status shows what is away." });
    }
  }
  return undefined;
}

/** As the service calls it. */
export const CHAIN_AWAY = "chain.rpc.away";

interface Problem {
  detail?: unknown;
  code?: unknown;
  hint?: unknown;
  context?: unknown;
}

const TIMEOUT_MS = 20_000;
const SAID_MAX = 600;
const CODE_MAX = 80;

/**
 * Ask the service for JSON.
 *
 * @param init as of fetch; `json` is sent as a JSON body.
 * @throws ApiError on a refusal, a time-out or an answer that is not JSON.
 */
export async function ask<T>(path: string, init: RequestInit & { json?: unknown; timeoutMs?: number } = {}): Promise<T> {
  const { json, timeoutMs, ...rest } = init;
  const headers = new Headers(rest.headers);
  headers.set("accept", "application/json");
  if (json !== undefined) headers.set("content-type", "application/json");
  const limit = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS);
  const signal = rest.signal ? AbortSignal.any([rest.signal, limit]) : limit;
  let response: Response;
  try {
    response = await fetch(path, {
      ...rest,
      headers,
      signal,
      body: json === undefined ? rest.body : JSON.stringify(json, (_k, v: unknown) => (typeof v === "bigint" ? v.toString() : v)),
    });
  } catch (error) {
    if (rest.signal?.aborted) throw error;
    throw unreachable(error);
  }
  return readAnswer<T>(response);
}

async function readAnswer<T>(response: Response): Promise<T> {
  const text = await response.text();
  let body: unknown;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    throw new ApiError(`The market service answered ${response.status} with something that is not JSON.`, {
      code: "dapp.answer",
      hint: "A proxy may stand between this page and the service. Reload; if it stays, look at /status.",
      status: response.status,
    });
  }
  if (response.ok) return body as T;
  const problem = (body ?? {}) as Problem;
  const retryAfter = Number(response.headers.get("retry-after"));
  // A refusal may quote what strangers wrote.
  throw new ApiError(plain(String(problem.detail ?? `The market service answered ${response.status}.`), SAID_MAX), {
    code: plain(String(problem.code ?? "dapp.refused"), CODE_MAX),
    hint: plain(String(problem.hint ?? "Try again; nothing was changed."), SAID_MAX),
    status: response.status,
    retryAfterS: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
    context: (problem.context ?? {}) as Record<string, unknown>,
  });
}

function unreachable(error: unknown): ApiError {
  const timedOut = error instanceof DOMException && error.name === "TimeoutError";
  return new ApiError(
    timedOut ? "The market service did not answer in time." : "The market service cannot be reached.",
    {
      code: timedOut ? "dapp.timeout" : "dapp.unreachable",
      hint: "No money moved. Contracts and nodes go on without it; this page tries again by itself.",
    },
  );
}

/** Wei as the service writes them: decimal text. */
export const wei = (text: unknown): bigint => {
  if (typeof text === "string" && /^-?[0-9]+$/.test(text)) return BigInt(text);
  if (typeof text === "number" && Number.isSafeInteger(text)) return BigInt(text);
  return 0n;
};

/** Build a query string; undefined and empty values are left out. */
export function query(params: Record<string, string | number | undefined | null>): string {
  const filled = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return filled.length === 0 ? "" : `?${new URLSearchParams(filled.map(([k, v]) => [k, String(v)])).toString()}`;
}
