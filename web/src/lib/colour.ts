/** Mixes two colours of the form #rrggbb or #rgb; share is how much of the second. */
export function mix(a: string, b: string, share: number): string {
  const [p, q] = [channels(a), channels(b)];
  return `#${p
    .map((v, i) =>
      Math.round(v * (1 - share) + q[i]! * share)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

/** Style sheets are minified, so that #ffffff may come back as #fff. */
function channels(colour: string): number[] {
  const digits = colour.slice(1);
  const long = digits.length === 3 ? [...digits].map((d) => d + d).join("") : digits;
  return [0, 2, 4].map((i) => parseInt(long.slice(i, i + 2), 16));
}
