// Lists that are refreshed without their rows jumping about. Pure.

/** Keeps rows in the order they had and puts new ones on top, in the order given. */
export function steady<T>(rows: readonly T[], key: (row: T) => string, before: readonly string[]): T[] {
  const place = new Map(before.map((k, i) => [k, i]));
  const at = (row: T) => place.get(key(row)) ?? -1;
  return rows.toSorted((a, b) => at(a) - at(b));
}
