// Requests to the API. Paths, parameters and answers are those of the OpenAPI document, so
// that the compiler finds whatever does not agree with it.

import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type { Problem, Ready } from "./types";

/** A request that failed: with a problem of the API, or without any answer (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly requestID: string | null,
  ) {
    super(detail);
  }
}

/** How long an answer to a question may take, ms. */
const patience = 60_000;

const tokenKey = "corrgraph.token";

/** The token that requests carry, for as long as the tab is open. */
export const token = {
  get: (): string | null => sessionStorage.getItem(tokenKey),
  set: (secret: string): void => sessionStorage.setItem(tokenKey, secret),
};

export function headers(more: Record<string, string> = {}): Record<string, string> {
  const secret = token.get();
  return secret ? { ...more, Authorization: `Bearer ${secret}` } : more;
}

/** Sends requests; `reply` reads what comes back. */
export const api = createClient<paths>({ fetch: send, querySerializer: query });

/** What an endpoint answers with.
 * @throws {ApiError} where it answers with a problem, or not at all */
export async function reply<T>(sent: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await sent;
  if (response.ok) return data as T;
  const problem: Partial<Problem> = typeof error === "object" && error !== null ? error : {}; // a proxy answers with a page
  const detail = [problem.detail ?? response.statusText, problem.errors?.[0]?.message].filter(Boolean).join(": ");
  throw new ApiError(response.status, detail, problem.request_id ?? null);
}

/** The health of the instance; here 503 is an answer, not a failure. */
export async function readiness(): Promise<Ready> {
  const { data, error } = await api.GET("/readyz");
  return data ?? (error as unknown as Ready);
}

async function send(request: Request): Promise<Response> {
  for (const [name, value] of Object.entries(headers())) request.headers.set(name, value);
  try {
    // A question that a dead connection swallowed must not keep all later ones waiting.
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(patience)]);
    return await fetch(request, request.method === "GET" ? { signal } : {});
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw new ApiError(0, "the server can't be reached", null);
  }
}

/** The query of an address; parameters that are empty or false are left out. */
function query(parameters: Record<string, unknown>): string {
  const said = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "" && value !== false);
  return new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
}
