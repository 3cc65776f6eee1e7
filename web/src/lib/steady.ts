// Lists that are read again and again without their rows jumping about. Pure.

/** The rows in the places they had, those that are new on top in the order given. Of the
 * places of before only those of rows that are still there count. */
export function steady<T>(rows: readonly T[], key: (row: T) => string, before: readonly string[]): T[] {
  const place = new Map(before.map((k, i) => [k, i]));
  const at = (row: T) => place.get(key(row)) ?? -1;
  return rows.toSorted((a, b) => at(a) - at(b));
}
