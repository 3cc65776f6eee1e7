"""Betfair Exchange Stream, from its documentation and what the feed's documentation promises.

A line is a message; each that changes a price or a state is an answer, with one offer a
market. A price is the middle of best back and lay in probability while the book is no wider
than 0.5 in log-odds, else the last trade, kept within what the book shows. A market that is
not open has states and no prices; trades from before an interruption count no more.
"""

import json
import math
import re
from datetime import datetime

from model import AWAY, CLOSED, DRAW, HOME, OPEN, OVER, REMOVED, SUSPENDED, UNDER, UNKNOWN, UNPRICED, Answer, Offer, Price

WIDEST = 0.5
DRAW_ID = 58805
SPORTS = {"1": "soccer", "2": "tennis", "3": "golf", "4": "cricket", "7": "horse_racing", "4339": "greyhounds", "6423": "american_football", "7511": "baseball", "7522": "basketball", "7524": "ice_hockey"}
AWAY_FIRST = {"american_football", "baseball", "basketball", "ice_hockey"}
RACING = {"7", "4339"}


def number(x):
    """Prices may be the strings NaN and Infinity."""
    try:
        x = float(x)
    except (TypeError, ValueError):
        return 0.0
    return x if math.isfinite(x) and x > 1 else 0.0


def logit(odds):
    return -math.log(odds - 1)


class Runner:
    def __init__(self, id, hc):
        self.id, self.hc = id, hc
        self.status, self.name, self.sort = "ACTIVE", "", 0
        self.clear()
        self.sent = None  # (status, price) as last told

    def clear(self):
        self.last = 0.0
        # price → size, or level → price, of each kind of ladder
        self.book = {k: {} for k in ("atb", "atl", "batb", "batl", "bdatb", "bdatl")}

    def update(self, rc):
        if "ltp" in rc:
            self.last = number(rc["ltp"])
        for kind, ladder in self.book.items():
            for level in rc.get(kind) or []:
                key, price, size = level[0], level[-2], level[-1]
                if not size or not number(price):
                    ladder.pop(key, None)
                else:
                    ladder[key] = number(price)

    def best(self):
        for back, lay in (("bdatb", "bdatl"), ("batb", "batl"), ("atb", "atl")):
            if self.book[back] or self.book[lay]:
                return max(self.book[back].values(), default=0.0), min(self.book[lay].values(), default=0.0)
        return 0.0, 0.0

    def price(self):
        back, lay = self.best()
        if back and lay and back <= lay and logit(back) - logit(lay) <= WIDEST:
            return 2 / (1 / back + 1 / lay)
        price = self.last
        if price and back <= lay or not back or not lay:
            if price and back:
                price = max(price, back)
            if price and lay:
                price = min(price, lay)
        return price


class Market:
    def __init__(self, id, definition):
        self.id = id
        self.runners = {}  # (id, handicap) → Runner
        self.told = False
        self.sent = None  # (status, in play)
        self.cut = False  # a runner was removed on this line
        d = definition
        kind = d.get("marketType", "")
        self.kind, self.sport = kind, SPORTS.get(d.get("eventTypeId", ""), "betfair-" + d.get("eventTypeId", ""))
        runners = d.get("runners") or []
        start = d.get("marketTime")
        self.event = d.get("eventId", "")
        if d.get("eventTypeId") in RACING and start:
            self.event += "-" + datetime.fromisoformat(start).strftime("%H%M")
        first = min(runners, key=lambda r: r.get("sortPriority", 0), default=None)
        self.first, self.named = (first["id"], bool(first.get("name"))) if first else (0, False)
        self.teams = self.sides(d)
        self.line, self.market = None, kind.lower()
        over = re.match(r"OVER_UNDER_(\d+)", kind)
        if kind == "MATCH_ODDS" and len(runners) in (2, 3):
            self.market = "h2h"
        elif kind == "ASIAN_HANDICAP":
            self.market = "spreads"
        elif over:
            self.market, self.line = "totals", int(over[1]) / 10
        elif kind == "SET_WINNER":
            self.market = "set_winner_" + (re.findall(r"\d+", d.get("name", "")) or [id])[0]
        self.define(d)

    def define(self, d):
        self.status = {"OPEN": OPEN, "CLOSED": CLOSED}.get(d.get("status"), SUSPENDED)
        self.in_play = bool(d.get("inPlay"))
        self.winners = d.get("numberOfWinners", 0)
        self.betting = d.get("bettingType", "")
        self.key_line = {(k["id"], k.get("hc") or 0.0) for k in (d.get("keyLineDefinition") or {}).get("kl") or []}
        removed = False
        for r in d.get("runners") or []:
            runner = self.runner(r["id"], r.get("hc") or 0.0)
            gone = r.get("status", "ACTIVE").startswith("REMOVED")
            removed |= gone and not runner.status.startswith("REMOVED") and self.told
            runner.status, runner.name, runner.sort = r.get("status", "ACTIVE"), r.get("name", ""), r.get("sortPriority", 0)
        return removed

    def runner(self, id, hc):
        return self.runners.setdefault((id, hc), Runner(id, hc))

    def sides(self, d):
        home, v, away = d.get("eventName", "").partition(" v ")
        if not v:
            away, v, home = d.get("eventName", "").partition(" @ ")
        if not v:
            return None
        for r in d.get("runners") or []:
            name = r.get("name", "")
            if home in name and away not in name:
                home = name
            elif away in name and home not in name:
                away = name
        return home, away

    def side(self, r):
        if self.line is not None:
            return OVER if r.name.startswith("Over") or r.sort == 2 else UNDER
        if r.id == DRAW_ID:
            return DRAW
        if self.market not in ("h2h", "spreads") and self.kind != "SET_WINNER":
            return ""
        if self.named:
            home, away = self.teams or ("", "")
            return HOME if r.name == home and home else AWAY if r.name == away and away else ""
        if self.sport in AWAY_FIRST:
            return ""
        return HOME if r.id == self.first else AWAY

    def name(self, r):
        return r.name if self.named and r.name else str(r.id)


class Stream:
    def __init__(self, report):
        self.markets, self.down, self.report = {}, False, report

    def message(self, m):
        """Returns the answer of a message, or None."""
        if m.get("op") != "mcm":
            return None
        down = m.get("status") == 503
        changed = down != self.down
        self.down = down
        at = m.get("pt") or 0
        offers, seen = [], set()
        if not at:
            if m.get("mc") or changed:
                self.report.reject("no_time")
            return None
        for mc in m.get("mc") or []:
            market = self.change(mc)
            if market and market.id not in seen:
                seen.add(market.id)
        for id, market in self.markets.items():
            if id in seen or changed:
                offer = self.tell(market)
                if offer:
                    offers.append(offer)
        return Answer(at, "betfair", False, 0, offers) if offers else None

    def change(self, mc):
        d = mc.get("marketDefinition")
        market = self.markets.get(mc["id"])
        if market is None:
            if not d:
                self.report.reject("no_definition")
                return None
            market = self.markets[mc["id"]] = Market(mc["id"], d)
        removed = False
        if mc.get("img"):
            for r in market.runners.values():
                r.clear()
            market.whole = True
        was = market.status
        if d:
            removed = market.define(d)
        reopened = market.cut or was != OPEN and market.status == OPEN
        market.cut = removed
        if market.status != OPEN or removed:
            for r in market.runners.values():
                r.last = 0.0
        if not market.told or reopened or mc.get("img"):
            market.whole = True
        for rc in mc.get("rc") or []:
            market.runner(rc["id"], rc.get("hc") or 0.0).update(rc)
        if market.status != OPEN or removed:
            for r in market.runners.values():
                r.last = 0.0
        return market

    def tell(self, market):
        status = UNKNOWN if self.down else SUSPENDED if market.cut and market.status == OPEN else market.status
        whole = getattr(market, "whole", False)
        market.whole = False
        prices = []
        for r in market.runners.values():
            now = self.state(market, r, status)
            if now is None or now == r.sent and not whole:
                continue
            r.sent = now
            line = r.hc if market.market == "spreads" else market.line
            prices.append(Price(market.name(r), market.side(r), line, *now))
        state = (status, market.in_play)
        if not prices and state == market.sent:
            return None
        market.told, market.sent = True, state
        active = [r for r in market.runners.values() if r.status == "ACTIVE"]
        complete = market.winners == 1 and market.betting == "ODDS" and all(r.sent and r.sent[0] == OPEN for r in active)
        return Offer(market.event, market.sport, "", "betfair", market.market, prices, status=status, in_play=market.in_play,
                     image=whole, complete=complete, winners=market.winners)

    def state(self, market, r, status):
        main = (r.id, r.hc) in market.key_line
        if r.status.startswith("REMOVED"):
            return REMOVED, 0.0, main
        if status != OPEN:
            return None
        price = r.price()
        if price:
            return OPEN, price, main
        return UNPRICED if r.sent is None or r.sent[0] == UNPRICED else SUSPENDED, 0.0, main


def answers(path, data, report):
    stream = Stream(report)
    for line in data.splitlines():
        if line.strip():
            try:
                answer = stream.message(json.loads(line))
            except ValueError:
                report.reject("bad_json")
                continue
            if answer:
                yield answer
