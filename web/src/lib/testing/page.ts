// Parts of the dashboard on a page of their own, with an API that the test writes.

import { cleanup, configure, render } from "@testing-library/svelte";
import { tick, type Component } from "svelte";
import { afterEach, vi } from "vitest";
import { AppState } from "../../state/app.svelte";
import Page from "./Page.svelte";

configure({ asyncUtilTimeout: 20_000 }); // against hanging: nothing is judged by it

afterEach(() => {
  cleanup();
  vi.stubGlobal("fetch", () => new Promise(() => {})); // what is still asked belongs to no test
  history.replaceState(null, "", "/");
});

/** The state of a page at an address. Its clock stands until a test moves it. */
export function stateAt(address: string, now: number): AppState {
  history.replaceState(null, "", address);
  const state = new AppState();
  state.clock.now = now;
  return state;
}

/** Shows a part. The function that it returns changes its properties. */
export function show<P extends Record<string, unknown>>(
  part: Component<P, Record<string, unknown>, string>,
  props: P,
  state: AppState,
) {
  const { rerender } = render(Page, { part: part as never, given: props, state });
  return async (change: Partial<P>): Promise<void> => {
    await rerender({ given: { ...props, ...change } });
    await tick();
  };
}

/** Answers requests by their path: with JSON, or with a problem of a status. Returns what was
 * asked, in order. */
export function serve(answers: Record<string, unknown>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    const answer = answers[pathname] ?? 404;
    if (typeof answer !== "number") return Response.json(answer);
    return Response.json({ status: answer, detail: `problem ${answer}`, request_id: "r-1" }, { status: answer });
  });
  return asked;
}
