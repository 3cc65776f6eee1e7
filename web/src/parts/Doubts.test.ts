// @vitest-environment happy-dom
import { screen } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { serve, show, stateAt } from "../lib/testing/page";
import { at, atMs } from "../lib/testing/samples";
import type { Ambiguities } from "../api/types";
import Doubts from "./Doubts.svelte";

const doubt = (source: string, title: string) => ({
  kind: "id",
  name: "7",
  source,
  source_event_id: "7",
  candidates: [
    { id: "7", title },
    { id: "gone", title: "gone" },
  ],
  why: "the id was used before for other participants",
  done: "two events",
  since: at(1),
});
const page = (...list: ReturnType<typeof doubt>[]) =>
  ({ ambiguities: list, total: list.length, dropped: 3, as_of: at(2) }) as Ambiguities;
const texts = () => screen.getAllByRole("listitem").map((l) => l.textContent!.replace(/\s+/g, " ").trim());

test("what could be two things, why, and what was done", async () => {
  serve({ "/v1/ambiguities": page(doubt("a", "Oak v Pine"), doubt("b", "7")) });
  show(Doubts, {}, stateAt("/feeds", atMs(3)));
  await screen.findByText(/the newest 2 of 2, 3 older ones dropped/);
  expect(texts()[0]).toMatch(
    /^7 id · a 7 · .*the id was used before for other participants: two events\. Oak v Pine gone$/,
  );
  expect(screen.getAllByRole("link").map((l) => l.getAttribute("href"))).toEqual(["/events?event=7"]);
});

test("of one source", async () => {
  serve({ "/v1/ambiguities": page(doubt("a", "7"), doubt("b", "7")) });
  show(Doubts, { source: "b" }, stateAt("/feeds", atMs(3)));
  await screen.findByText(/the newest 1 of 2/);
  expect(texts()).toHaveLength(1);
});

test("nothing while there is nothing", async () => {
  const asked = serve({ "/v1/ambiguities": { ...page(), dropped: 0 } });
  show(Doubts, {}, stateAt("/feeds", atMs(3)));
  await vi.waitFor(() => expect(asked).toEqual(["/v1/ambiguities?limit=100"]));
  await new Promise((r) => setTimeout(r));
  expect(document.body.textContent).not.toContain("Identity");
});
