import { expect, test } from "vitest";
import { steady } from "./steady";

test("rows stay where they were, new ones come on top", () => {
  const own = (rows: string, before: string) => steady([...rows], (r) => r, [...before]).join("");
  expect(own("bca", "")).toBe("bca");
  expect(own("cab", "bca")).toBe("bca");
  expect(own("xcayb", "bca")).toBe("xybca");
  expect(own("ca", "bca")).toBe("ca");
});
