// What a price did after an anomaly. Pure.

import type { Anomaly } from "../api/types";
import { price, type OddsFormat } from "./format";
import { parts } from "./node";

/** One line a price: what it was, and what the other venues made of it, after 5, 30, 60 and 300 s. */
export function marked(a: Anomaly, format: OddsFormat): string[] {
  const all = a.evidence.marks ?? [];
  const figure = (decimal: number | null) => (decimal === null ? "–" : price(decimal, format));
  return [...new Set(all.map((m) => m.node))].map((node) => {
    const at = all
      .filter((m) => m.node === node)
      .map((m) => `after ${m.after_ms / 1000} s ${figure(m.price)} (fair ${figure(m.fair ? 1 / m.fair : null)})`);
    return `${parts(node)?.venue ?? node}: ${at.join(", ")}`;
  });
}
