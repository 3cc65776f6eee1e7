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

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone percent sign of another program
  }
}
