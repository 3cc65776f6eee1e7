// @vitest-environment happy-dom
import { fireEvent, screen } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { at, atMs, edge, events, graph, node } from "../lib/testing/samples";
import GraphPanel from "./GraphPanel.svelte";

vi.mock("../canvas/scene", () => ({
  Scene: class {
    show() {}
    end() {}
  },
}));

const certain = edge(node("pin"), node("dk"));
const doubtful = edge(node("pin"), node("fan"), { discovered: false });
const moves = {
  as_of: at(0),
  complete: true,
  stale: false,
  event_id: "m1",
  moves: [],
  waves: [],
  graphs: [],
  newer: 0,
  older: 0,
  remembered_from: null,
};
const answers = (g: unknown) => ({ "/v1/events/m1/graph": g, "/v1/events/m1/moves": moves });
const firsts = () =>
  screen
    .getAllByRole("row")
    .slice(1)
    .map((r) => r.querySelectorAll("td")[2]!.textContent);

test("without an event it says what comes", async () => {
  serve({});
  const state = stateAt("/", atMs(0));
  show(GraphPanel, { event: "" }, state);
  expect(screen.getByText(/^Reading events/)).toBeTruthy();
  state.market.events.value = events();
  expect(await screen.findByText("No event is known yet.")).toBeTruthy();
});

test("the graph around its focus, uncertain links left out and counted", async () => {
  const asked = serve(answers(graph([certain, doubtful])));
  show(GraphPanel, { event: "m1" }, stateAt("/?event=m1", atMs(0)));
  expect(await screen.findByRole("img", { name: /^Graph of 2 prices and 1 links/ })).toBeTruthy();
  expect(screen.getByText(/2 prices, 1 links, 1 not shown/)).toBeTruthy();
  expect(asked).toContain("/v1/events/m1/graph?limit=300");
});

test("as a table, with all links once they are asked for", async () => {
  serve(answers(graph([certain, doubtful])));
  const state = stateAt("/?event=m1", atMs(0));
  show(GraphPanel, { event: "m1" }, state);
  await fireEvent.click(screen.getByRole("button", { name: "table" }));
  await screen.findByRole("table");
  expect(firsts()).toEqual(["dk · h2h · home"]);
  await fireEvent.click(screen.getByRole("button", { name: "certain" }));
  expect(firsts().sort()).toEqual(["dk · h2h · home", "fan · h2h · home"]);
  expect(state.router.params("trader")).toMatchObject({ as: "table", certain: "0" });
});

test("layers and hops are chosen by buttons; a layer that failed says so", async () => {
  const g = graph([certain]);
  g.layers[2] = { ...g.layers[2]!, status: "FAILED", reason: "injected fault", edges: null };
  serve(answers(g));
  const state = stateAt("/?event=m1", atMs(0));
  show(GraphPanel, { event: "m1" }, state);
  const failed = await screen.findByRole("button", { name: "L3 failed" });
  expect(failed.title).toContain("injected fault");
  await fireEvent.click(screen.getByRole("button", { name: "L1" }));
  expect(state.router.params("trader").layers).toBe("234");
  expect(await screen.findByText("No certain link matches; 1 hidden.")).toBeTruthy();
  await fireEvent.click(screen.getByRole("button", { name: "Show all" }));
  expect(state.router.params("trader").layers).toBe("1234");
  await fireEvent.click(screen.getByRole("button", { name: "1 hop" }));
  expect(screen.getByRole("button", { name: "2 hops" })).toBeTruthy();
});

test("a filter that is none says why; one that is narrows the table", async () => {
  serve(answers(graph([certain, edge(node("pin"), node("fan"))])));
  show(GraphPanel, { event: "m1" }, stateAt("/?event=m1&as=table", atMs(0)));
  await screen.findByRole("table");
  const find = screen.getByLabelText("Find links");
  await fireEvent.input(find, { target: { value: "colour>3" } });
  expect(find.getAttribute("aria-invalid")).toBe("true");
  expect(find.title).toContain('"colour"');
  expect(firsts()).toHaveLength(2);
  await fireEvent.input(find, { target: { value: "fan" } });
  expect(find.getAttribute("aria-invalid")).toBe("false");
  expect(firsts()).toEqual(["fan · h2h · home"]);
});

test("a failure is told with the request it belongs to, and can be tried again", async () => {
  const by: Record<string, unknown> = answers(500);
  serve(by);
  show(GraphPanel, { event: "m1" }, stateAt("/?event=m1", atMs(0)));
  expect(await screen.findByText("■ The graph can't be shown: problem 500")).toBeTruthy();
  expect(screen.getByText("r-1")).toBeTruthy();
  by["/v1/events/m1/graph"] = graph([certain]);
  await fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("img", { name: /^Graph of 2 prices/ })).toBeTruthy();
});

test("an event without links says so", async () => {
  serve(answers(graph([])));
  show(GraphPanel, { event: "m1" }, stateAt("/?event=m1", atMs(0)));
  expect(await screen.findByText("No link is known in this event yet.")).toBeTruthy();
});
