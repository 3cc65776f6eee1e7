// Reads the text form of metrics, as far as the dashboard shows them. Pure.

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Reads samples and skips everything else. */
export function samples(text: string): Sample[] {
  const out: Sample[] = [];
  for (const line of text.split("\n")) {
    const m = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)/.exec(line);
    if (!m) continue;
    const labels: Record<string, string> = {};
    for (const [, k, v] of (m[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[k!] = v!.replaceAll('\\"', '"');
    out.push({ name: m[1]!, labels, value: Number(m[3]) });
  }
  return out;
}

/** The sum of all samples of a name. */
export const total = (all: readonly Sample[], name: string): number =>
  all.reduce((sum, s) => (s.name === name ? sum + s.value : sum), 0);
