/** One server-sent event. */
export interface ServerEvent {
  id: string;
  kind: string;
  data: string;
}

/** Takes a stream of text apart into server-sent events, whatever the chunks. */
export class EventParser {
  private rest = "";
  private id = "";
  private kind = "";
  private data: string[] = [];

  /** Returns the events that a chunk completes. */
  push(chunk: string): ServerEvent[] {
    const lines = (this.rest + chunk).split("\n");
    this.rest = lines.pop() ?? "";
    const out: ServerEvent[] = [];
    for (const line of lines) this.line(line.endsWith("\r") ? line.slice(0, -1) : line, out);
    return out;
  }

  private line(line: string, out: ServerEvent[]): void {
    if (line === "") {
      if (this.data.length > 0) out.push({ id: this.id, kind: this.kind || "message", data: this.data.join("\n") });
      this.kind = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") this.id = value;
    else if (field === "event") this.kind = value;
    else if (field === "data") this.data.push(value);
  }
}

/** The place of an event among those of one boot of the server; null for foreign ids. */
export function placeOf(id: string): { boot: string; place: number } | null {
  const m = /^([^-]+)-(\d+)$/.exec(id);
  return m ? { boot: m[1]!, place: Number(m[2]) } : null;
}
