// @vitest-environment happy-dom
import { fireEvent, screen } from "@testing-library/svelte";
import { beforeEach, expect, test, vi } from "vitest";
import { cellKey, heat } from "../lib/heat";
import { show, stateAt } from "../lib/testing/page";
import { pair } from "../lib/testing/samples";
import HeatMap from "./HeatMap.svelte";

let drawn: string[]; // texts on the canvas

beforeEach(() => {
  drawn = [];
  const ctx = new Proxy({} as Record<string | symbol, unknown>, {
    get: (own, name) => own[name] ?? (name === "fillText" ? (text: string) => drawn.push(text) : () => undefined),
  });
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(() => ctx as never);
});

const map = heat(
  [pair("pin", "dk"), pair("fan", "dk", { simultaneous: true, lag_ms: 0 }), pair("pin", "fan", { discovered: false })],
  [["dk", "fan"]],
  { sport: "", market: "", phase: "", certain: false, grouped: false },
);

function shown(chosen: string) {
  const state = stateAt("/", 0);
  state.theme.colour = () => "#808080";
  const onchoose = vi.fn();
  const change = show(HeatMap, { heat: map, chosen, onchoose }, state);
  return { onchoose, change, app: screen.getByRole("application") };
}

test("names, copies marked, and one sign a square", () => {
  shown("");
  expect(map.venues).toHaveLength(3);
  for (const v of map.venues) expect(drawn).toContain(v);
  expect(drawn).toEqual(expect.arrayContaining(["≈ dk", "≈ fan"]));
  expect(drawn).not.toContain("≈ pin");
  expect(drawn.filter((t) => t === "2 s")).toHaveLength(2); // pin leads dk, dk follows pin
  expect(drawn.filter((t) => t === "at once")).toHaveLength(2);
});

test("arrow keys walk over the squares, from edge to edge, past the diagonal", async () => {
  const [a, b, c] = map.venues as [string, string, string];
  const { onchoose, change, app } = shown(cellKey(a, b));
  await fireEvent.keyDown(app, { key: "ArrowRight" });
  expect(onchoose).toHaveBeenLastCalledWith(cellKey(a, c));
  await change({ chosen: cellKey(a, c) });
  await fireEvent.keyDown(app, { key: "ArrowRight" }); // round to the first, which is itself
  expect(onchoose).toHaveBeenLastCalledWith(cellKey(a, b));
  await fireEvent.keyDown(app, { key: "ArrowDown" });
  expect(onchoose).toHaveBeenLastCalledWith(cellKey(b, c));
  onchoose.mockClear();
  await fireEvent.keyDown(app, { key: "x" });
  expect(onchoose).not.toHaveBeenCalled();
});

test("a click chooses a square; names and the diagonal are none", async () => {
  const { onchoose, app } = shown("");
  const click = (x: number, y: number) =>
    fireEvent(
      app,
      Object.defineProperties(new MouseEvent("click", { bubbles: true }), {
        offsetX: { value: x },
        offsetY: { value: y },
      }),
    );
  await click(10, 10);
  await click(95, 95);
  expect(onchoose).not.toHaveBeenCalled();
  const side = Math.round((app.querySelector("canvas")!.style.height.replace("px", "") as unknown as number) - 92) / 3;
  await click(92 + 1.5 * side, 95);
  expect(onchoose).toHaveBeenCalledExactlyOnceWith(cellKey(map.venues[0]!, map.venues[1]!));
});

test("what is chosen is said in words", async () => {
  const { change, app } = shown("");
  expect(app.getAttribute("aria-label")).toContain("arrow keys");
  await change({ chosen: cellKey("dk", "pin") });
  expect(app.getAttribute("aria-label")).toBe("dk and pin: follows");
});
