// @vitest-environment happy-dom
import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { atMs, detail, events, move, node, quote, row } from "../lib/testing/samples";
import { withMove, type Wave } from "../lib/waves";
import Moving from "./Moving.svelte";

/** pin moves up and dk follows two seconds later. */
const travelling = (): readonly Wave[] =>
  [move("pin", 0, 0.2), move("dk", 2, 0.15)].reduce<readonly Wave[]>(withMove, []);

test("a move: who was first, who followed, who has not, who is suspended", async () => {
  serve({
    "/v1/events/m1": detail({
      quotes: [
        quote("pin", { price: 1.9 }),
        quote("dk"),
        quote("fan"),
        quote("bov", { status: "suspended", price: null }),
        quote("pin", { node: node("pin", "totals"), market: "totals" }),
      ],
    }),
  });
  const state = stateAt("/", atMs(5));
  state.market.waves = travelling();
  state.market.events.value = events(row());
  show(Moving, { chosen: "" }, state);
  state.clock.now += 1; // what is first asked for is looked at from then on
  await screen.findByText(/1 of 3 followed/);
  const item = within(screen.getByRole("listitem"));
  expect(item.getByText(/pp$/).textContent).toBe("▲ +5.0 pp");
  expect(item.getByText("B @ A")).toBeTruthy();
  expect(item.getByText("1.90")).toBeTruthy();
  expect(item.getByText("pin")).toBeTruthy();
  expect(item.getByText("(5 s ago)")).toBeTruthy();
  expect(item.getByText("fan")).toBeTruthy(); // alone: dk followed, bov can't
  expect(item.getByText("1 suspended")).toBeTruthy();
  expect(item.getAllByRole("link").map((l) => l.getAttribute("href"))).toEqual([
    expect.stringContaining(`node=${encodeURIComponent(node("pin"))}`),
    expect.stringContaining("/timeline?"),
  ]);
});

test("venues that copy one another are one opinion", async () => {
  serve({ "/v1/events/m1": detail({ quotes: [quote("pin"), quote("dk")] }) });
  const state = stateAt("/", atMs(5));
  state.market.waves = travelling();
  state.market.leaders.value = { groups: [["pin", "dk"]], pairs: [] } as never;
  show(Moving, { chosen: "" }, state);
  expect(await screen.findByText(/1 of 1 followed · 1 independent/)).toBeTruthy();
  expect(screen.getByText(/all have moved/)).toBeTruthy();
});

test("the chosen price is marked, and no other", async () => {
  serve({});
  const state = stateAt("/", atMs(5));
  state.market.waves = travelling();
  const change = show(Moving, { chosen: "" }, state);
  const item = screen.getByRole("listitem");
  expect(item.classList.contains("chosen")).toBe(false);
  await change({ chosen: node("pin") });
  expect(item.classList.contains("chosen")).toBe(true);
});

test("without prices it says how to send some; a wave that has ended is not shown", () => {
  serve({});
  const state = stateAt("/", atMs(600));
  state.market.waves = travelling();
  show(Moving, { chosen: "" }, state);
  expect(screen.getByRole("listitem").textContent).toMatch(/^No price has arrived yet/);
});
