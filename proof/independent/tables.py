"""The recorded tables, each read by hand from its README; the program reads them through column maps."""

import csv
import io
import itertools
import math
import os
import re
from datetime import datetime, timedelta, timezone

from model import AWAY, CLOSED, DRAW, HOME, NO, OPEN, OVER, SUSPENDED, UNDER, YES, Answer, Offer, Price


def rows(data):
    return csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))


def together(answers):
    """Joins consecutive answers of one time and source, and in them the offers of one market.

    Rows of one market are one offer unless they repeat an outcome at the same line.
    """
    now = None
    for a in answers:
        if now is None or (now.at, now.source) != (a.at, a.source):
            if now is not None:
                yield now
            now = a
            continue
        for o in a.offers:
            for held in reversed(now.offers):
                if (held.event, held.venue, held.market) != (o.event, o.venue, o.market):
                    continue
                said = {(p.name, p.line) for p in held.prices}
                if held.status == o.status and not any((p.name, p.line) in said for p in o.prices):
                    held.prices += o.prices
                else:
                    now.offers.append(o)
                break
            else:
                now.offers.append(o)
    if now is not None:
        yield now


def millis(t):
    return int(t.timestamp()) * 1000 + t.microsecond // 1000


def instant(text):
    return millis(datetime.fromisoformat(text))


def btcjpy(path, data, report):
    """The last price of bitcoin on an exchange: no bet, each exchange with its own clock."""
    venue = os.path.basename(path).split("JPY_")[0]
    for r in rows(data):
        at = millis(datetime.strptime(r["date"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc))
        price = Price("BTC/JPY", "", None, OPEN, float(r["last"]))
        yield Answer(at, venue, False, 1000, [Offer("btcjpy", "crypto", "", venue, "spot", [price], raw=True)])


def kalshi(path, data, report):
    """One contract a game, which pays if the team at the end of the ticker wins; cents. The ticker alone says which game it is."""
    for r in rows(data):
        if r["close"] == "":
            report.skip("no trade in that minute")
            continue
        _, game, team = r["ticker"].split("-")
        away, home = game[-6:-3], game[-3:]
        cents = float(r["close"])
        side = {home: HOME, away: AWAY}.get(team, "")
        gone = not 0 < cents < 100
        price = Price(team, side, None, SUSPENDED if gone else OPEN, 0.0 if gone else 100 / cents)
        yield Answer(int(r["timestamp"]) * 1000, "kalshi", False, 60_000, [Offer(game, "basketball", "nba", "kalshi", "h2h", [price])])


def prediction_markets(path, data, report):
    """Yes and No of a question; PredictIt's questions have several contracts, each a market."""
    for r in rows(data):
        question, bar, contract = r["title"].partition(" | ")
        event, market = (question, contract) if bar else (r["market_id"], "binary")
        status = {"active": OPEN, "open": OPEN, "closed": CLOSED}[r["status"]]
        prices = []
        if status == OPEN:
            for name, side, column in (("Yes", YES, "yes_price"), ("No", NO, "no_price")):
                p = float(r[column])
                gone = p in (0, 1)
                prices.append(Price(name, side, None, SUSPENDED if gone else OPEN, 0.0 if gone else 1 / p))
        offer = Offer(event, "prediction", "", r["platform"], market, prices, status=status)
        yield Answer(instant(r["snapshot_time"]), "prediction-markets-multi", False, 300_000, [offer])


PROTO_SPORTS = {"bs": "baseball", "sc": "soccer", "vl": "volleyball", "bk": "basketball"}
PROTO_LEAGUES = {"K리그1": "k-league-1", "K리그2": "k-league-2"}
PROTO_MARKETS = {  # family, number of outcomes → market, outcomes in the order of the prices
    ("승패", 2): ("h2h", [HOME, AWAY]),
    ("승무패", 3): ("h2h", [HOME, DRAW, AWAY]),
    ("핸디캡", 2): ("spreads", [HOME, AWAY]),
    ("핸디캡", 3): ("spreads_3way", [HOME, DRAW, AWAY]),
    ("언더오버", 2): ("totals", [UNDER, OVER]),
    ("승①패", 3): ("margin_1", [HOME, "one run", AWAY]),
    ("홀짝", 2): ("odd_even", ["odd", "even"]),
}
SEOUL = timezone(timedelta(hours=9))


def proto_changes(path, data, report):
    """Price changes of Korean Proto. During play a score stands beside the names."""
    for r in rows(data):
        family = r["market_family"].removeprefix("전반")
        market, names = PROTO_MARKETS[family, int(r["n_way"])]
        if r["market_label"].startswith("h"):
            market += "_h1"
        home = re.sub(r" -?[\d.]+$", "", r["home"])
        away = re.sub(r"^-?[\d.]+ ", "", r["away"])
        league = PROTO_LEAGUES.get(r["league"], r["league"]).lower()
        line = re.search(r"[-+]?\d+\.\d+$", r["market_label"])
        line = float(line.group()) if line else None
        status = OPEN if r["result"] == "경기전" else CLOSED
        odds = r["odds"].split(",")
        if len(odds) != len(names):
            report.reject("bad_price")
            continue
        prices = []
        for name, odd in zip(names, odds):
            mine = -line if line is not None and name == AWAY else line
            if status == OPEN or line is not None:
                prices.append(Price(name, name if name in (HOME, AWAY, DRAW, OVER, UNDER) else "", mine, status, float(odd) if status == OPEN else 0.0))
        if line is not None:
            status = OPEN  # of the market: what the row says is of its line
        event = f"{league}:{home}:{away}:{r['year']}.{r['date_text']}"
        offer = Offer(event, PROTO_SPORTS.get(r["sport"], r["sport"]), league, "proto", market, prices, status=status)
        yield Answer(instant(r["ts"]), "proto-changes", False, 0, [offer])


OVERSEAS = {"MLB": "baseball", "KBO": "baseball", "NPB": "baseball", "K리그1": "soccer"}
HALF_A_DAY = 12 * 3_600_000
ABSENT = 3  # polls with the league, without the pair of teams


class Meetings:
    """Tells the meetings of two teams on following days apart, in polls that give no start.

    The pair stands twice in a poll while two meetings are quoted, the earlier first. A
    row belongs to the meeting whose price is nearest, in order. After half a day, or
    three polls of the league, without the pair, the pair means a new meeting, except that
    after these polls one whose prices are all as they were has only been missing.
    """

    def __init__(self):
        self.pairs = {}  # → [last seen, poll of the league, [[id, price]…], ids so far]
        self.polls = {}

    def assign(self, at, found):
        """found: pair → the prices of each of its rows in order. Returns pair → ids."""
        for league in {pair[0] for pair in found}:
            self.polls[league] = self.polls.get(league, 0) + 1
        return {pair: self.pair(at, pair, all) for pair, all in found.items()}

    def pair(self, at, pair, all):
        prices = [p[0] for p in all]
        poll = self.polls[pair[0]]
        p = self.pairs.setdefault(pair, [at, poll, [], set()])
        if at - p[0] > HALF_A_DAY or poll - p[1] > ABSENT and all[0] not in [m[2] for m in p[2]]:
            p[2] = []
        p[0], p[1] = at, poll
        live, rows = p[2], []
        for m in self.nearest(live, prices):
            if m is None:
                id = ":".join(pair) + datetime.fromtimestamp(at / 1000, timezone.utc).strftime(":%Y%m%dT%H%M")
                while id in p[3]:
                    id += "b"
                p[3].add(id)
                m = [id, 0.0, None]
            rows.append(m)
        for m, own in zip(rows, all):
            m[1], m[2] = own[0], own
        p[2] = rows  # a meeting without a row has begun
        return [m[0] for m in rows]

    def nearest(self, live, prices):
        """The meeting of each row, None for a new one: as many pairs as there can be, in order, whose prices move least.

        Among equals, rows are the latest meetings, and new rows come last.
        """
        n = min(len(live), len(prices))
        choices = [
            (sum(abs(math.log(live[m][1] / prices[r])) for m, r in zip(ms, rs)), [-m for m in ms], list(rs), ms, rs)
            for ms in itertools.combinations(range(len(live)), n) for rs in itertools.combinations(range(len(prices)), n)
        ]
        *_, ms, rs = min(choices)
        of = dict(zip(rs, ms))
        return [live[of[r]] if r in of else None for r in range(len(prices))]


def proto_overseas(path, data, report):
    """The average odds of overseas bookmakers, all matches of a page in one poll."""
    polls = {}
    for r in rows(data):
        polls.setdefault(r["observed_at"], []).append(r)
    meetings = Meetings()
    for at, page in polls.items():
        at, found = instant(at), {}
        for r in page:
            pair = (PROTO_LEAGUES.get(r["league"], r["league"]).lower(), r["home_en"], r["away_en"])
            found.setdefault(pair, []).append(r)
        ids = meetings.assign(at, {pair: [[float(x) for x in r["odds"].split(",")] for r in all] for pair, all in found.items()})
        offers = []
        for pair, all in found.items():
            for event, r in zip(ids[pair], all):
                odds = [float(x) for x in r["odds"].split(",")]
                sides = [HOME, AWAY] if len(odds) == 2 else [HOME, DRAW, AWAY]
                prices = [Price(s, s, None, OPEN, x) for s, x in zip(sides, odds)]
                offers.append(Offer(event, OVERSEAS.get(r["league"], "unknown"), pair[0], "betexplorer-average", "h2h", prices))
        yield Answer(at, "betexplorer", True, 0, offers)
