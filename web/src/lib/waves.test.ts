import { expect, test } from "vitest";
import { atMs, at, node, wave } from "./testing/samples";
import { earliestElsewhere, fromMoves, horizon, moving, originName } from "./waves";

const read = (...waves: ReturnType<typeof wave>[]) => fromMoves({ event_id: "m1", waves });

test("the origin is the most probable venue, not the earliest stamp", () => {
  const [w] = read(
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
  );
  expect(w).toMatchObject({ origin: node("pin"), event: "m1", started: atMs(0), last: atMs(2), horizon });
  expect([...w!.moved]).toEqual([
    [node("dk"), atMs(0)],
    [node("pin"), atMs(2)],
  ]);
  expect(w!.likely).toMatchObject({ venue: "pin", p: 0.72 });
  expect(earliestElsewhere(w!)).toBe(true);
});

test("where the earliest is the origin, or moves as one with it, nothing is elsewhere", () => {
  const [same] = read(
    wave(
      [
        ["pin", 0],
        ["dk", 2],
      ],
      [
        ["pin", 0.8],
        ["dk", 0.15],
      ],
    ),
  );
  expect(earliestElsewhere(same!)).toBe(false);
  const grouped = wave(
    [
      ["dk", 0],
      ["fd", 0],
      ["pin", 3],
    ],
    [
      ["dk", 0.8],
      ["pin", 0.15],
    ],
  );
  grouped.origins[0]!.group = ["dk", "fd"];
  const [group] = read(grouped);
  expect(earliestElsewhere(group!)).toBe(false);
  expect(originName(group!.likely!)).toBe("dk = fd");
});

test("nobody can tell", () => {
  const [w] = read(
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
  );
  expect(w!.likely).toBeNull();
  expect(earliestElsewhere(w!)).toBe(true);
});

test("only what still travels is shown: three polls where they are slow", () => {
  const waves = read(wave([["pin", 0]], [["pin", 0.95]]));
  expect(moving(waves, atMs(10), 5)).toHaveLength(1);
  expect(moving(waves, atMs(0) + horizon, 5)).toEqual([]);
  const slow = read({ ...wave([["pin", 0]], [["pin", 0.95]]), resolution_ms: 300_000 });
  expect(moving(slow, atMs(899), 5)).toHaveLength(1);
  expect(moving(slow, atMs(900), 5)).toEqual([]);
});

test("the newest and farthest spread come first", () => {
  const far = wave(
    [
      ["pin", 0],
      ["dk", 1],
      ["fd", 2],
    ],
    [["pin", 0.9]],
  );
  const near = { ...wave([["pin", 3]], [["pin", 0.9]]), market: "totals", began_at: at(3) };
  expect(moving(read(near, far), atMs(5), 5).map((w) => w.moved.size)).toEqual([3, 1]);
  expect(moving(read(near, far), atMs(5), 1)).toHaveLength(1);
});
