// Questions to the API. Every path here is part of the OpenAPI document.

import type { Problem } from "./types";

/** An answer that was not one: a problem of the API, or no answer at all (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly requestID: string | null,
  ) {
    super(detail);
  }
}

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

type Query = Record<string, string | number | boolean | undefined>;

/** The address of a question; parameters that are empty are left out. */
export function address(path: string, query: Query = {}): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "" && value !== false) q.set(name, String(value));
  }
  const text = q.toString();
  return text ? `${path}?${text}` : path;
}

/** Asks for JSON. */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const answer = await ask(address(path, query), { headers: headers(), ...(signal && { signal }) });
  return (await answer.json()) as T;
}

/** Sends JSON and reads what it became. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const answer = await ask(path, { method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body) });
  return (await answer.json()) as T;
}

/** Asks for text. */
export async function getText(path: string): Promise<string> {
  return (await ask(path, { headers: headers() })).text();
}

/** Asks how the instance fares; 503 is an answer here, not a failure. */
export async function getState<T>(path: string): Promise<T> {
  return (await (await reach(path, { headers: headers() })).json()) as T;
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const answer = await reach(url, init);
  if (answer.ok) return answer;
  let problem: Partial<Problem> = {};
  try {
    problem = (await answer.json()) as Problem;
  } catch {
    // a proxy's own page
  }
  const first = problem.errors?.[0];
  const detail = [problem.detail ?? answer.statusText, first?.message].filter(Boolean).join(": ");
  throw new ApiError(answer.status, detail, problem.request_id ?? null);
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(0, "the server can't be reached", null);
  }
}
