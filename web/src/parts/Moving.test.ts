// @vitest-environment happy-dom
import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { atMs, detail, doubt, events, node, quote, row, wave } from "../lib/testing/samples";
import { fromMoves, type Wave } from "../lib/waves";
import Moving from "./Moving.svelte";

/** dk is seen first, but pin, two seconds later, is the likely origin. */
const travelling = (): readonly Wave[] =>
  fromMoves({
    event_id: "m1",
    waves: [
      wave(
        [
          ["dk", 0],
          ["pin", 2],
        ],
        [
          ["pin", 0.72],
          ["dk", 0.2],
        ],
      ),
    ],
  });

test("a move: where it probably came from, who has moved, who has not, who is suspended", async () => {
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
  await screen.findByText(/2 of 4 moved/);
  const item = within(screen.getByRole("listitem"));
  expect(item.getByText(/pp$/).textContent).toBe("▲ +5.0 pp");
  expect(item.getByText("B @ A")).toBeTruthy();
  expect(item.getByText("1.90")).toBeTruthy();
  expect(item.getByText("pin")).toBeTruthy();
  expect(item.getByText(/likely origin:/).parentElement!.textContent).toBe(
    "likely origin: pin 0.72; earliest seen: dk",
  );
  expect(item.getByText(/\(5 s ago\)/)).toBeTruthy();
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
  const one = wave(
    [
      ["dk", 0],
      ["pin", 2],
    ],
    [["dk", 0.95]],
  );
  one.origins[0]!.group = ["dk", "pin"];
  state.market.waves = fromMoves({ event_id: "m1", waves: [one] });
  show(Moving, { chosen: "" }, state);
  state.clock.now += 1;
  expect(await screen.findByText(/2 of 2 moved · 1 independent/)).toBeTruthy();
  expect(screen.getByText("dk = pin")).toBeTruthy();
  expect(screen.getByText(/all have moved/)).toBeTruthy();
});

test("where nobody can tell, both are named and none is called the origin", async () => {
  serve({});
  const state = stateAt("/", atMs(5));
  state.market.waves = fromMoves({
    event_id: "m1",
    waves: [
      wave(
        [
          ["dk", 0],
          ["pin", 0],
        ],
        [
          ["dk", 0.49],
          ["pin", 0.49],
        ],
      ),
    ],
  });
  show(Moving, { chosen: "" }, state);
  const said = (await screen.findByText(/can’t be told/)).parentElement!.textContent!.replace(/\s+/g, " ");
  expect(said).toBe("origin can’t be told: dk 0.49, pin 0.49; earliest seen: dk, pin");
  // The event was not read: who has not moved is not known.
  expect(screen.getByText("2 moved")).toBeTruthy();
  expect(screen.getByText(/the other\s+prices are not read yet/)).toBeTruthy();
  expect(screen.queryByText(/all\s+have moved/)).toBeNull();
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

test("venues whose price is in doubt are named with why, and are not called suspended", async () => {
  serve({
    "/v1/events/m1": detail({ quotes: [quote("pin"), quote("dk", { status: "unknown" })], doubts: [doubt("dk")] }),
  });
  const state = stateAt("/", atMs(5));
  state.market.waves = fromMoves({ event_id: "m1", waves: [wave([["pin", 0]], [["pin", 0.95]])] });
  show(Moving, { chosen: "" }, state);
  state.clock.now += 1;
  expect(await screen.findByText(/dk: gap since \d\d:\d\d – connection lost/)).toBeTruthy();
  expect(screen.queryByText(/suspended/)).toBeNull();
});
