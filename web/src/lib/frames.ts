/** How fast frames followed one another, in frames a second. */
export interface Rate {
  median: number;
  p5: number; // 19 of 20 frames came at least as fast
  worst: number;
  frames: number; // that it rests on
}

/** Rates frames by the instants at which they were drawn, ms; null for fewer than two. Pure. */
export function rate(drawn: readonly number[]): Rate | null {
  if (drawn.length < 2) return null;
  const gaps = drawn
    .slice(1)
    .map((at, i) => at - drawn[i]!)
    .sort((a, b) => a - b);
  const of = (share: number) => 1000 / gaps[Math.ceil(share * gaps.length) - 1]!;
  return { median: of(0.5), p5: of(0.95), worst: of(1), frames: gaps.length };
}
