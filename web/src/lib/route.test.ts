import { expect, test } from "vitest";
import { href, parse, sharedDefaults, views, type View } from "./route";

test("every view is found at its address, with its defaults", () => {
  for (const v of Object.keys(views) as View[]) {
    expect(parse(views[v].path, "")).toEqual({ view: v, params: views[v].params, shared: {} });
  }
});

test("what is set survives the address, whatever it holds", () => {
  const params = { event: "m/1 & more", find: "lag>2s venue:pin", layers: "12" };
  const url = new URL(href("trader", params, { tz: "local", odds: "american" }), "http://x");
  const r = parse(url.pathname, url.search);
  expect(r.params).toMatchObject(params);
  expect(r.shared).toEqual({ tz: "local", odds: "american" });
});

test("defaults are left out", () => {
  expect(href("trader", { layers: "1234", hops: "1" }, sharedDefaults)).toBe("/");
});

test("what is unknown is dropped", () => {
  expect(parse("/feeds", "?evil=1&tz=moon&odds=2").shared).toEqual({});
  expect(parse("/nothing", "").view).toBeNull();
});
