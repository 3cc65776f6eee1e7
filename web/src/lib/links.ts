// How bets of venues are related, and who says so, in words. Pure.

import type { Ambiguity, Link, LinkQuestion } from "../api/types";
import { ms, stamp, type Zone } from "./format";

export type Relation = Link["relation"];
export type State = Link["state"];

/** The relations, each with what it says of the first bet and the second. */
export const relations: Record<Relation, string> = {
  identity: "The first pays if and only if the second does",
  complement: "The first pays if and only if the second does not",
  subset: "Whenever the first pays, the second does too",
  superset: "Whenever the second pays, the first does too",
  overlap: "Both may pay, or only one",
  disjoint: "Both never pay",
};
export const relationNames = Object.keys(relations) as Relation[];

/** Signs that tell states apart without colour. */
export const shape: Record<State, string> = { candidate: "○", confirmed: "●", rejected: "■" };
export const tone: Record<State, string> = { candidate: "dim", confirmed: "good", rejected: "warn" };

/** Whether a person decided on a link, so that it can be withdrawn. */
export const decided = (l: Link): boolean => l.state !== "candidate" && l.by !== "rule";

/** What a link is, and who says so. */
export function standing(l: Link, tz: Zone): string {
  if (l.state === "candidate") return `looks like ${l.relation}, a guess; likeness of words ${l.likeness.toFixed(2)}`;
  if (l.by === "rule") return `${l.relation}, by rule`;
  const when = l.since ? `, ${stamp(ms(l.since), tz)}` : "";
  return `${l.state === "rejected" ? `not ${l.relation}` : l.relation}, ${l.state} by ${l.by}${when}`;
}

/** Which bet of its event a question is; empty for the event as a whole. */
export const betOf = (q: LinkQuestion): string => [q.market, q.selection].filter(Boolean).join(" · ");

/** Names with several meanings that a person can decide on. */
export const open = (list: Ambiguity[]): Ambiguity[] =>
  list.filter((a) => (a.kind === "participant" || a.kind === "event") && a.candidates.length > 0);

/** What a candidate is called: teams have ids like team:mlb:new-york-yankees. */
export function called(c: Ambiguity["candidates"][number]): string {
  if (c.title !== c.id) return c.title;
  const [kind, league, name] = c.id.split(":");
  if (!name) return c.id;
  return `${name.replaceAll("-", " ")} (${league} ${kind})`;
}

/** The league in which a name is ambiguous, where its candidates say so. */
export function leagueOf(a: Ambiguity): string {
  const all = new Set(a.candidates.map((c) => (c.id.split(":").length === 3 ? c.id.split(":")[1]! : "")));
  return all.size === 1 ? [...all][0]! : "";
}
