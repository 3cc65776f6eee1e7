/** Mixes two colours of the form #rrggbb; share is how much of the second. */
export function mix(a: string, b: string, share: number): string {
  const part = (c: string, i: number) => parseInt(c.slice(1 + 2 * i, 3 + 2 * i), 16);
  const one = (i: number) => Math.round(part(a, i) * (1 - share) + part(b, i) * share);
  return `#${[0, 1, 2].map((i) => one(i).toString(16).padStart(2, "0")).join("")}`;
}
