// The bet that a forecast suggests, in words. Pure.

import type { Forecast } from "../api/types";
import { percent, price, signed, type OddsFormat } from "./format";
import { amount, elsewhere } from "./arbitrage";
import { parts } from "./node";

/** What a forecast is not; stands above every list of bets. */
export const caution = "A forecast says that a price may move, not who wins.";

/** What the probability and the EV beside it are of. */
export const explained =
  "The probability is that the price moves as forecast, not that the bet wins. EV is that of the bet at the price of the call, after fees, at the others' fair price; most are below 0, because of the margin.";

export type Bet = Pick<
  Forecast,
  | "target"
  | "bet"
  | "bet_line"
  | "price"
  | "fee"
  | "fair"
  | "ev"
  | "lacks"
  | "value"
  | "close"
  | "clv"
  | "unclosed"
  | "my_venues"
>;

/** What is backed at which price: "under 8.5 at 2.05"; empty without a price. */
export function backed(b: Bet, format: OddsFormat): string {
  if (!b.bet || b.price === null) return "";
  const side = parts(b.bet)?.selection ?? b.bet;
  return `${side}${b.bet_line === null ? "" : ` ${b.bet_line}`} at ${price(b.price, format)}`;
}

/** A probability with its price: "2.13 (47 %)"; – if unknown. */
export function fair(p: number | null, format: OddsFormat): string {
  if (p === null || p <= 0) return "–";
  return format === "probability" ? price(1 / p, format) : `${price(1 / p, format)} (${percent(p)})`;
}

/** A share of the stake: "+1.2 %"; – if unknown. */
export const gain = (share: number | null): string => (share === null ? "–" : `${signed(100 * share, 1)} %`);

/** EV after fees, or why there is none. */
export function expected(b: Bet): string {
  if (b.ev !== null) return gain(b.ev);
  return b.price !== null && b.fee === null ? "fee unknown" : "–";
}

/** What my venues make of the bet: that its price is the best of them, and what was left out. */
export function mine(b: Bet, format: OddsFormat): string {
  const m = b.my_venues;
  if (!m) return "";
  const venue = (b.bet && parts(b.bet)?.venue) ?? "";
  const most = amount(m.most_stake, m.currency);
  const best =
    m.elsewhere && ` (${parts(m.elsewhere.node)?.venue ?? m.elsewhere.node} ${price(m.elsewhere.price, format)})`;
  return [
    b.price === null ? "not at my venues" : `best price of my venues: ${venue}`,
    most && `at most ${most}`,
    m.better_elsewhere > 0 && `${elsewhere(m.better_elsewhere)}${best ?? ""}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Why something is missing, for the reader who asks. */
export function missing(b: Bet): string {
  return [
    b.lacks && `no EV: ${b.lacks}`,
    b.value && "of value: EV above 0 by each way to remove the margin, a hypothesis",
    b.clv === null && b.unclosed && `no CLV: ${b.unclosed}`,
  ]
    .filter(Boolean)
    .join("; ");
}
