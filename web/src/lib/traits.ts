import type { Edge } from "../api/types";
import { percent, span } from "./format";

type Traits = Pick<
  Edge,
  | "first_on_feed"
  | "changing"
  | "below_floor"
  | "indirect"
  | "via"
  | "copied"
  | "discovered"
  | "same_poll"
  | "next_poll"
  | "later_poll"
  | "reach_ms"
>;

/** What is special about a link or doubted of it, in the words of the command line. */
export const doubts = (e: Traits): string[] =>
  [
    e.changing && "changing",
    e.first_on_feed && "first on this feed",
    e.copied && "copied",
    e.indirect === null && `perhaps only through ${e.via}`,
    e.indirect === true && `only through ${e.via}`,
    e.below_floor && "below the floor",
    !e.discovered && !e.below_floor && "not certain",
  ].filter((w) => w !== false);

/** In which poll the follower follows; empty if unknown. */
export const polls = (e: Traits): string =>
  e.same_poll === null || e.next_poll === null || e.later_poll === null
    ? ""
    : `${percent(e.same_poll)} in the same poll, ${percent(e.next_poll)} in the next, ${percent(e.later_poll)} later`;

/** How far was searched: "searched to 66 s"; empty if unknown. */
export const searched = (e: Traits): string => (e.reach_ms ? `searched to ${span(e.reach_ms)}` : "");
