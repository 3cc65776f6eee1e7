// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { show, stateAt } from "../lib/testing/page";
import { ambiguity, at, atMs, link } from "../lib/testing/samples";
import type { Link } from "../api/types";
import EventLinks from "../parts/EventLinks.svelte";
import Review from "./Review.svelte";

/** A service with links and one ambiguous name, in which decisions take effect. */
function service(may: boolean, ...links: Link[]): string[] {
  const sent: string[] = [];
  vi.stubGlobal("fetch", async (r: Request) => {
    const { pathname, searchParams: q } = new URL(r.url);
    if (r.method === "POST") {
      const body = (await r.json()) as Record<string, string>;
      sent.push(`${pathname} ${JSON.stringify(body)}`);
      if (pathname === "/v1/ambiguities/decision") return Response.json({ ...body, by: "ann" }, { status: 201 });
      const l = links.find((x) => pathname.includes(`/${x.id}/`))!;
      Object.assign(l, body, { by: "ann", since: at(9) });
      return Response.json(l, { status: 201 });
    }
    if (pathname === "/v1/ambiguities")
      return Response.json({ ambiguities: [ambiguity({})], total: 1, dropped: 0, as_of: at(1) });
    if (pathname !== "/v1/links") return Response.json({ detail: "none" }, { status: 404 });
    const list = links.filter((l) => !q.get("state") || l.state === q.get("state"));
    return Response.json({ links: list, total: list.length, dropped: 2, as_of: at(1), may_decide: may });
  });
  return sent;
}
const panel = (name: string) => within(screen.getByRole("region", { name }));

test("a candidate that is confirmed leaves the candidates and is among the confirmed", async () => {
  const sent = service(true, link({}), link({ id: "l2", relation: "complement" }));
  const state = stateAt("/review", atMs(0));
  show(Review, {}, state);
  await panel("Same bet?").findByText(/2 of 2 · 2 candidates beyond/);
  expect(panel("Same bet?").getByText(/Nothing follows from a candidate until somebody confirms it\./)).toBeTruthy();
  const first = panel("Same bet?").getAllByRole("group", { name: /^Decide/ })[0]!;
  await fireEvent.click(within(first).getByRole("button", { name: "identity" }));
  await panel("Same bet?").findByText(/^Confirmed as identity/);
  await panel("Same bet?").findByText(/1 of 1/);
  expect(sent).toEqual([
    `/v1/links/l1/decision ${JSON.stringify({ state: "confirmed", relation: "identity", note: "" })}`,
  ]);
  await fireEvent.click(screen.getByRole("button", { name: "● confirmed" }));
  await panel("Same bet?").findByText(/identity, confirmed by ann/);
  expect(state.router.params("review").state).toBe("confirmed");
});

test("a name is decided, or left as it is", async () => {
  const sent = service(true);
  show(Review, {}, stateAt("/review", atMs(0)));
  await fireEvent.click(await screen.findByRole("button", { name: "new york mets (mlb team)" }));
  await screen.findByText("● New York means new york mets (mlb team), says ann");
  const leave = screen.getByRole<HTMLButtonElement>("button", { name: "leave as it is" });
  await waitFor(() => expect(leave.disabled).toBe(false)); // the list was read again
  await fireEvent.click(leave);
  await screen.findByText("● New York is left as it is, says ann");
  const name = { source: "feed", league: "mlb", name: "New York" };
  expect(sent).toEqual(
    ["team:mlb:new-york-mets", ""].map((means) => `/v1/ambiguities/decision ${JSON.stringify({ ...name, means })}`),
  );
});

test("a viewer sees it all, without buttons to decide", async () => {
  service(false, link({}));
  show(Review, {}, stateAt("/review", atMs(0)));
  await panel("Same bet?").findByText(/1 of 1/);
  await panel("Which team?").findByText(/Could be new york yankees \(mlb team\), new york mets \(mlb team\)/);
  expect(panel("Same bet?").queryByRole("button", { name: "identity" })).toBeNull();
  expect(panel("Which team?").queryAllByRole("button")).toEqual([]);
});

test("an event says who joined its venues, and what nobody states", async () => {
  service(true, link({ state: "confirmed", by: "rule" }));
  show(EventLinks, { event: "m1" }, stateAt("/events", atMs(0)));
  const section = within(await screen.findByRole("region", { name: "Same bet at other venues" }));
  expect(section.getByRole("listitem").textContent!.replace(/\s+/g, " ").trim()).toBe(
    "polymarket – kalshi question ● identity, by rule polymarket states no settlement",
  );
});
