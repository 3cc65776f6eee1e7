// Numbers and instants as people read them. Pure.

export type Zone = "utc" | "local";
export const oddsFormats = ["decimal", "american", "fractional", "probability"] as const;
export type OddsFormat = (typeof oddsFormats)[number];

/** Milliseconds since the epoch of an RFC 3339 instant. */
export const ms = (instant: string): number => Date.parse(instant);

/** Time of day: "14:03:22". */
export function clock(at: number, zone: Zone): string {
  return instantParts(at, zone).time;
}

/** Date and time of day, with the zone. */
export function stamp(at: number, zone: Zone): string {
  const p = instantParts(at, zone);
  return `${p.date} ${p.time}${zone === "utc" ? " UTC" : ""}`;
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The same for people who look at another day: "Sat 8 Aug 2026 14:03:12 UTC". */
export function dated(at: number, zone: Zone): string {
  const { date, time } = instantParts(at, zone);
  if (date === "–") return date;
  const d = new Date(`${date}T00:00:00Z`);
  const day = `${days[d.getUTCDay()]} ${d.getUTCDate()} ${months[d.getUTCMonth()]} ${d.getUTCFullYear()}`;
  return `${day} ${time}${zone === "utc" ? " UTC" : ""}`;
}

function instantParts(at: number, zone: Zone): { date: string; time: string } {
  const d = new Date(zone === "utc" ? at : at - new Date(at).getTimezoneOffset() * 60_000);
  if (Number.isNaN(d.getTime())) return { date: "–", time: "–" };
  const iso = d.toISOString();
  return { date: iso.slice(0, 10), time: iso.slice(11, 19) };
}

/** A span of time in one unit: "250 ms", "2.4 s", "5 min", "3.5 h", "2 d". */
export function span(millis: number): string {
  const sign = millis < 0 ? "−" : "";
  const v = Math.abs(millis);
  const [size, name] = unit(v);
  return `${sign}${figure(v / size)} ${name}`;
}

/** An interval of time in the unit of its upper end: "1.6–2.5 s". */
export function between(low: number, high: number): string {
  const [size, name] = unit(Math.abs(high));
  return `${figure(low / size)}–${figure(high / size)} ${name}`;
}

function unit(v: number): [number, string] {
  if (v < 1000) return [1, "ms"];
  if (v < 120_000) return [1000, "s"];
  if (v < 7_200_000) return [60_000, "min"];
  if (v < 172_800_000) return [3_600_000, "h"];
  return [86_400_000, "d"];
}

function figure(v: number): string {
  const rounded = Math.abs(v) >= 10 || Number.isInteger(v) ? Math.round(v) : Math.round(v * 10) / 10;
  return String(rounded).replace("-", "−");
}

/** A share as whole percent; what rounds to certainty but is none stays below it. */
export function percent(share: number): string {
  if (share < 1 && share > 0.995) return ">99 %";
  if (share > 0 && share < 0.005) return "<1 %";
  return `${Math.round(share * 100)} %`;
}

/** Fewer comparison times are too few for a base rate. */
const leastBase = 30;

/** The base rate to set beside a hit rate; undefined where there was too little to compare with. */
export const baseOf = (s: { base_n: number; base_rate: number }): number | undefined =>
  s.base_n >= leastBase ? s.base_rate : undefined;

/** The same in words. */
export function baseRate(s: { base_n: number; base_rate: number }): string {
  const base = baseOf(s);
  return base === undefined ? "–" : percent(base);
}

/** A signed number with a true minus sign. */
export function signed(v: number, digits: number): string {
  const text = Math.abs(v).toFixed(digits);
  return Number(text) === 0 ? text : (v < 0 ? "−" : "+") + text;
}

/** What a move in log-odds does to a probability, in percentage points: "+2.4 pp". */
export function points(logOdds: number, probability: number): string {
  const logit = Math.log(probability / (1 - probability));
  const after = 1 / (1 + Math.exp(-(logit + logOdds)));
  return `${signed(100 * (after - probability), 1)} pp`;
}

/** A small number such as q or p: "0.03", "1e-9", "0". */
export function small(v: number): string {
  if (v === 0) return "0";
  return v >= 0.001 ? String(Number(v.toPrecision(2))) : v.toExponential(0).replace("-", "−");
}

/** A large count with thin separators: "628,171". */
export const count = (n: number): string => n.toLocaleString("en-US");

/** Bytes: "12 kB", "3.4 MB". */
export function bytes(n: number): string {
  for (const [size, name] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const) {
    if (n >= size) return `${figure(n / size)} ${name}`;
  }
  return `${n} B`;
}

/** Decimal odds in a notation. */
export function price(decimal: number, format: OddsFormat): string {
  switch (format) {
    case "decimal":
      return decimal.toFixed(decimal < 10 ? 2 : 1);
    case "probability":
      return `${(100 / decimal).toFixed(1)} %`;
    case "american":
      return decimal >= 2 ? `+${Math.round((decimal - 1) * 100)}` : `−${Math.round(100 / (decimal - 1))}`;
    case "fractional":
      return fraction(decimal - 1);
  }
}

/** The simplest fraction within half a percent, by continued fractions. */
function fraction(v: number): string {
  let [a, b, c, d] = [1, 0, Math.floor(v), 1];
  let rest = v - Math.floor(v);
  while (d < 100 && Math.abs(c / d - v) > 0.005 * v && rest > 1e-9) {
    rest = 1 / rest;
    const whole = Math.floor(rest);
    rest -= whole;
    [a, c] = [c, whole * c + a];
    [b, d] = [d, whole * d + b];
  }
  return `${c}/${d}`;
}

/** A snake_case word of the API as people write it: "hidden_edge" is "hidden edge". */
export const words = (name: string): string => name.replaceAll("_", " ");
