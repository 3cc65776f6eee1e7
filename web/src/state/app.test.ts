// @vitest-environment happy-dom
import { expect, test, vi } from "vitest";
import { serve, stateAt } from "../lib/testing/page";

test("a page asks and listens only between its start and its end", async () => {
  vi.useFakeTimers();
  const asked = serve({});
  const [added, removed] = [vi.spyOn(document, "addEventListener"), vi.spyOn(document, "removeEventListener")];
  const state = stateAt("/", 0);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual([]);
  expect(added).not.toHaveBeenCalled();

  const end = state.start();
  const before = state.clock.now;
  await vi.advanceTimersByTimeAsync(5000);
  expect(state.clock.now).toBeGreaterThan(before);
  expect(asked).toContain("/v1/stream");
  expect(asked.filter((a) => a === "/readyz").length).toBeGreaterThan(2);

  state.details.of("m1", Date.now());
  end();
  const so = [asked.length, state.clock.now];
  await vi.advanceTimersByTimeAsync(600_000);
  expect([asked.length, state.clock.now]).toEqual(so);
  expect(vi.getTimerCount()).toBe(0);
  expect(removed.mock.calls.map(([kind]) => kind).sort()).toEqual(added.mock.calls.map(([kind]) => kind).sort());
  vi.useRealTimers();
});
