// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { show, stateAt } from "../lib/testing/page";
import { at, atMs, link } from "../lib/testing/samples";
import LinkRow from "./LinkRow.svelte";

/** Takes what is sent, and answers each with a status. */
function take(status = 201): { sent: string[]; said: string[] } {
  const sent: string[] = [];
  vi.stubGlobal("fetch", async (r: Request) => {
    sent.push(`${r.method} ${new URL(r.url).pathname} ${r.method === "DELETE" ? "" : await r.text()}`.trim());
    return Response.json(status < 400 ? {} : { status, detail: "there is no such link", request_id: "r" }, { status });
  });
  return { sent, said: [] };
}
const row = (change: Parameters<typeof link>[0], may: boolean, said: string[] = []) =>
  show(LinkRow, { link: link(change), may, ondecided: (s: string) => said.push(s) }, stateAt("/review", atMs(0)));
const text = () => document.body.textContent!.replace(/\s+/g, " ").trim();

test("both questions, what speaks for it and against it, and that it is a guess", () => {
  take();
  row({}, false);
  for (const part of [
    "looks like identity, a guess; likeness of words 0.80",
    "Will the Oaks beat the Pines? polymarket · question",
    "settlement not stated",
    "Oaks v Pines kalshi · question",
    "start not stated · settles: full_time",
    "+ both start at the same time",
    "− polymarket states no settlement",
    "Nothing follows from it.",
  ])
    expect(text()).toContain(part);
  expect(screen.getByText("Rules").closest("details")!.open).toBe(false);
  expect(screen.getAllByRole("link").map((a) => a.getAttribute("href"))).toEqual([
    "/events?event=m1",
    "/events?event=m2",
  ]);
});

test("who only looks has no buttons", () => {
  take();
  row({ state: "confirmed", by: "ann", since: at(0) }, false);
  expect(screen.queryAllByRole("button")).toEqual([]);
});

test("a click confirms a relation with the note", async () => {
  const { sent, said } = take();
  row({}, true, said);
  expect(screen.queryByRole("button", { name: "Withdraw" })).toBeNull();
  await fireEvent.input(screen.getByLabelText("Why"), { target: { value: "same source" } });
  await fireEvent.click(screen.getByRole("button", { name: "subset" }));
  await waitFor(() => expect(said).toEqual(["Confirmed as subset: Will the Oaks beat the Pines? – Oaks v Pines"]));
  expect(sent).toEqual([
    `POST /v1/links/l1/decision ${JSON.stringify({ state: "confirmed", relation: "subset", note: "same source" })}`,
  ]);
});

test("not related, and withdrawn", async () => {
  const { sent, said } = take();
  row({ state: "confirmed", relation: "complement", by: "ann", since: at(0), note: "read" }, true, said);
  expect(text()).toContain("“read”");
  expect(screen.getByRole("button", { pressed: true }).textContent).toBe("complement");
  await fireEvent.click(screen.getByRole("button", { name: "not related" }));
  await waitFor(() => expect(said).toHaveLength(1));
  await fireEvent.click(screen.getByRole("button", { name: "Withdraw" }));
  await waitFor(() => expect(said).toHaveLength(2));
  expect(sent).toEqual([
    `POST /v1/links/l1/decision ${JSON.stringify({ state: "rejected", relation: "complement", note: "" })}`,
    "DELETE /v1/links/l1",
  ]);
});

test.each([
  [403, "This needs a token with the role operator."],
  [404, "Not saved: there is no such link"],
])("a refusal with %i is said, and nothing is claimed", async (status, why) => {
  const { said } = take(status);
  row({}, true, said);
  await fireEvent.click(screen.getByRole("button", { name: "identity" }));
  expect((await screen.findByRole("alert")).textContent).toBe(`■ ${why}`);
  expect(said).toEqual([]);
});
