/** The parts of a node's id, `venue/event/market/selection`, unescaped. */
export interface NodeParts {
  venue: string;
  event: string;
  market: string;
  selection: string;
}

/** The venue name that is reserved for what all venues say together. */
export const consensus = "consensus";

/** Reads a node's id; null for ids of other programs, which are opaque. */
export function parts(id: string): NodeParts | null {
  const p = id.split("/");
  if (p.length !== 4) return null;
  const [venue, event, market, selection] = p.map(unescaped) as [string, string, string, string];
  return { venue, event, market, selection };
}

/** The selection that a node prices, whatever the venue; the id itself where it is opaque. */
export function selectionKey(id: string): string {
  const slash = id.indexOf("/");
  return parts(id) && slash > 0 ? id.slice(slash + 1) : id;
}

/** A price in words, "pinnacle · h2h · home"; its match too, unless that is the one being
 * looked at. */
export function label(id: string, event = parts(id)?.event): string {
  const p = parts(id);
  if (!p) return id;
  return [p.venue, ...(p.event === event ? [] : [p.event]), p.market, p.selection].join(" · ");
}

/** Two ends of a link by what tells them apart: venues, else markets, else matches. */
export function ends(source: string, target: string): [string, string] {
  const [s, t] = [parts(source), parts(target)];
  if (!s || !t) return [source, target];
  if (s.event !== t.event) return [`${s.venue} ${s.event}`, `${t.venue} ${t.event}`];
  if (s.market !== t.market) return [`${s.venue} ${s.market}`, `${t.venue} ${t.market}`];
  return [s.venue, t.venue];
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone percent sign of another program
  }
}
