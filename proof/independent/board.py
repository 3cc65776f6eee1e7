"""What venues show, from what sources say: values without margin, and arbitrage."""

import math
from dataclasses import dataclass, field

from model import AWAY, DRAW, HOME, NO, OPEN, OVER, REMOVED, UNDER, UNKNOWN, UNPRICED, YES

TWO_WAY, THREE_WAY = frozenset((HOME, AWAY)), frozenset((HOME, DRAW, AWAY))
STANDARD = {  # the sets of outcomes of which one wins
    "h2h": (TWO_WAY, THREE_WAY),
    "spreads": (TWO_WAY,),
    "spreads_3way": (THREE_WAY,),
    "draw_no_bet": (TWO_WAY,),
}
ANYWHERE = (frozenset((OVER, UNDER)), frozenset((YES, NO)))
LINED = {"spreads", "totals", "spreads_3way"}
COALESCE = 100  # ms in which a stream's legs of one market join
MINUTE = 60_000
HOUR = 60 * MINUTE
NOTHING = 1e-12  # what rounding may win

# Standard deviations of total and margin; a point of line is worth 4φ(0)/sd in log-odds.
DEVIATION = {
    ("baseball", "kbo"): (4.7, 4.7), ("baseball", ""): (4.4, 4.4),
    ("basketball", "wnba"): (16.5, 11.5), ("basketball", ""): (18.5, 12.5),
    ("americanfootball", ""): (13.5, 13.2), ("soccer", ""): (1.65, 1.7),
}
PHI4 = 4 / math.sqrt(2 * math.pi)


def slope(sport, league, market):
    sd = DEVIATION.get((sport, league)) or DEVIATION.get((sport, ""))
    return PHI4 / sd[0 if "total" in market else 1] if sd else 0.15


def base(market):
    """A market's name without period and kind of bet."""
    for end in ("_lay", "_h1", "_h2"):
        market = market.removesuffix(end)
    return market


def complete(sport, market, sides):
    if sport == "soccer" and base(market) == "h2h":
        return sides == THREE_WAY
    return sides in STANDARD.get(base(market), ()) or sides in ANYWHERE


@dataclass(slots=True)
class Cell:
    """What a venue shows of one outcome."""

    side: str
    status: str = UNKNOWN
    price: float = 0.0
    line: float | None = None


@dataclass(slots=True)
class Book:
    """What a venue shows of one market at one line."""

    event: str
    sport: str
    league: str
    venue: str
    market: str  # with @line of an alternate line
    family: str
    source: str
    cells: dict = field(default_factory=dict)
    status: str = UNKNOWN
    stale: bool = False
    at: int = 0
    updated: int = 0
    raw: bool = False
    terms: bool | None = None
    winners: int = 0
    current: bool = False
    resolution: int = 0
    pace: object = None
    in_play: bool = False

    def prices(self):
        """The outcomes that can be bet on."""
        if not self.current or self.stale or self.status != OPEN:
            return {}
        return {k: c for k, c in self.cells.items() if c.status == OPEN and c.price > 1}

    def listed(self):
        """The outcomes that the venue lists, with a price or without."""
        return frozenset(k for k, c in self.cells.items() if c.status not in (UNKNOWN, REMOVED))

    def form(self):
        """What the prices are bets on: the outcomes and the line of each. None if they are not all, or contradict each other."""
        priced = self.prices()
        if not self.whole(priced) or frozenset(priced) != self.listed():
            return None
        lines = {self.own(home_line(c.side, c.line)) for c in priced.values()}
        if len(lines) != 1:
            return None
        return frozenset(priced), lines.pop()

    def line(self):
        return next((home_line(c.side, c.line) for c in self.cells.values()), None)

    def own(self, line):
        """Where lines mean nothing, a line of 0 is none."""
        return None if not line and base(self.family) not in LINED else line

    def age(self, at):
        return at - (min(self.at, self.updated) if self.updated else self.at)

    def oldest(self):
        """The age up to which prices are relied on: two of the venue's usual intervals, or steps of its source."""
        return max(2 * (self.pace.interval() or self.resolution), MINUTE)

    def values(self):
        """The value of each outcome that can be bet on: log-odds, without margin if that is known."""
        if not self.current or self.stale or self.status != OPEN:
            return {}
        priced = {k: c for k, c in self.cells.items() if c.status == OPEN and c.price > 0}
        if self.raw:
            return {k: math.log(c.price) for k, c in priced.items()}
        if self.whole(priced):
            s = sum(1 / c.price for c in priced.values())
            p = {k: 1 / c.price / s for k, c in priced.items()}
        else:
            p = {k: 1 / c.price for k, c in priced.items()}
        worth = slope(self.sport, self.league, self.family)
        out = {}
        for k, c in priced.items():
            v = math.log(p[k] / (1 - p[k]))
            if c.line is not None:
                v += worth * c.line * {OVER: 1, UNDER: -1, HOME: -1, AWAY: -1}.get(c.side, 0)
            out[k] = v
        return out

    def whole(self, priced):
        """Whether the priced outcomes are all there are, of which one wins."""
        if len(priced) < 2:
            return False
        sides = [c.side for c in priced.values()]
        if "" not in sides and len(set(sides)) == len(sides) and complete(self.sport, self.family, frozenset(sides)):
            return True
        return self.terms is True and self.winners == 1


class Pace:
    """How far apart a venue's stamps of a market usually are: a running median."""

    def __init__(self):
        self.stamp, self.usual, self.n = 0, 0.0, 0

    def add(self, stamp):
        if stamp <= self.stamp:
            return
        step, first = stamp - self.stamp, not self.stamp
        self.stamp = stamp
        if first:
            return
        self.n = min(self.n + 1, 16)
        factor = 1 + 1 / self.n
        if self.n == 1:
            self.usual = float(step)
        elif step > self.usual:
            self.usual = min(step, self.usual * factor)
        else:
            self.usual = max(step, self.usual / factor)

    def interval(self):
        return int(self.usual) if self.n >= 4 else 0


def arbitrage(books, at):
    """The best sure win over the books of one market, by trying every form and every venue for each outcome.

    Returns (profit, {selection: venue}) or None. Legs are complete back markets of one form at two
    venues or more, none older than its venue's prices usually get.
    """
    best = None
    for form in {f for f in (b.form() for b in books) if f}:
        outcomes, line = form
        legs = {}
        for b in books:
            if b.age(at) > b.oldest() or b.family.endswith("_lay") or not part(b, form):
                continue
            for k, c in b.prices().items():
                if k in outcomes and (k not in legs or c.price > legs[k][0]):
                    legs[k] = c.price, b.venue
        if len(legs) < len(outcomes) or len({v for _, v in legs.values()}) < 2:
            continue
        cost = sum(1 / p for p, _ in legs.values())
        if cost < 1 - NOTHING and (best is None or 1 / cost - 1 > best[0]):
            best = 1 / cost - 1, {k: v for k, (_, v) in legs.items()}
    return best


def part(b, form):
    """Whether a book's prices are bets of this form: it lists the same, or one side of a handicap or of a pair that no other form has."""
    outcomes, line = form
    if any(b.own(home_line(c.side, c.line)) != line for k, c in b.prices().items() if k in outcomes):
        return False
    listed = b.listed()
    alone = {OVER, UNDER, YES, NO} | ({HOME, AWAY} if base(b.family) in LINED else set())
    return listed == outcomes or listed <= outcomes and all(b.cells[k].side in alone for k in listed)


def number(x):
    return "" if x is None else f"{x:.10f}".rstrip("0").rstrip(".") if x else "0"


def home_line(side, line):
    """The two sides of a handicap have opposite signs: a market's line is the home side's."""
    return 0.0 - line if side == AWAY and line is not None else line


def nearest_even(prices):
    """Ranks the lines of an offer: one that the source marks, then those nearest to even money."""
    if any(p.main for p in prices):
        return -1
    worst = max((abs(math.log(p.price - 1)) for p in prices if p.price > 1), default=0.0)
    return worst + (100 if len(prices) < 2 else 0)


class Clock:
    """The median of a poll's steps so far is its step."""

    def __init__(self):
        self.last, self.steps = 0, []

    def tick(self, at):
        import bisect

        if at > self.last:
            if self.last:
                bisect.insort(self.steps, at - self.last)
            self.last = at

    def step(self):
        return self.steps[len(self.steps) // 2] if self.steps else 0


class Board:
    def __init__(self):
        self.books = {}  # (event, venue, market) → Book
        self.polled = {}  # source → books of its last poll
        self.clocks = {}
        self.resolution = {}
        self.quotes = 0
        self.series = {}  # (event, venue, market, selection) → [(at, status, price, line, value)]
        self.ladders = {}  # (event, venue, market) → line → book; None is the main line
        self.markets = {}  # (event, market) → books
        self.sure = {}  # (event, market) → whether there is an arbitrage now
        self.looked = {}  # (event, market) → when
        self.episodes = []  # (event, market, at, profit, legs)

    def apply(self, a):
        before = self.polled.get(a.source, []) if a.polled else []
        known = 0
        if a.polled:
            clock = self.clocks.setdefault(a.source, Clock())
            known = clock.step()
            clock.tick(a.at)
            for b in before:
                b.current = False
        self.resolution[a.source] = max(self.resolution.get(a.source, 0), a.resolution)
        now = []
        for offer in a.offers:
            self.quotes += sum(p.status != UNPRICED for p in offer.prices)
            for line, prices in self.lines(a, offer):
                now.append(self.show(a, offer, line, prices))
        if a.polled:
            self.polled[a.source] = now
        touched = list({id(b): b for b in now + before}.values())
        for b in touched:
            self.note(b, a.at)
        step = self.clocks[a.source].step() if a.polled else 0
        here = {b.event for b in now}  # of an event that the answer lacks, nothing is known
        for key in dict.fromkeys((b.event, b.market) for b in touched if b.event in here):
            self.look(key, a.at, step, known)

    def look(self, key, at, step, known):
        books = self.markets[key]
        last = self.looked.get(key, at)
        if step and 2 * (at - last) > 5 * step:  # what is not heard of for two and a half polls is over
            self.sure[key] = False
        if at - at % HOUR - last > max(HOUR, 3 * known):  # and so, at a full hour, what was quiet for an hour and three polls
            self.sure[key] = False
        self.looked[key] = at
        found = arbitrage(books, at) if len(books) > 1 and not books[0].raw else None
        if found and not self.sure.get(key):
            self.episodes.append((*key, at, *found))
        self.sure[key] = found is not None

    def lines(self, a, offer):
        """Splits an offer into its lines: [(line, prices)], None for the main one.

        The main line is the one that the source marks, else the one nearest to even money.
        What a stream changes of lines that the venue shows already stays with them.
        """
        lines = {}
        for p in offer.prices:
            lines.setdefault(home_line(p.side, p.line), []).append(p)
        shown = self.ladders.setdefault((offer.event, offer.venue, offer.market), {})
        change = not a.polled and not offer.image
        if len(lines) < 2 and not (change and len(shown) > 1):
            return [(None, offer.prices)]
        main = None
        if change and None in shown:
            held = shown[None].line()
            if any(line == held or line in shown for line in lines):
                main = held
            else:
                main = min(lines, key=lambda line: nearest_even(lines[line]))
        else:
            main = min(sorted(lines), key=lambda line: nearest_even(lines[line]))
        return [(None if line == main else line, prices) for line, prices in lines.items()]

    def show(self, a, offer, line, prices):
        market = offer.market if line is None else f"{offer.market}@{number(line)}"
        key = (offer.event, offer.venue, market)
        b = self.books.get(key)
        if b is None:
            b = self.books[key] = Book(offer.event, offer.sport, offer.league, offer.venue, market, offer.market, a.source)
            b.pace = Pace()
            self.ladders[offer.event, offer.venue, offer.market][line] = b
            self.markets.setdefault((offer.event, market), []).append(b)
        if b.in_play != offer.in_play:  # prices change faster in play
            b.pace, b.in_play = Pace(), offer.in_play
        b.pace.add(offer.updated)
        b.resolution = max(self.resolution[a.source], self.clocks[a.source].step()) if a.polled else self.resolution[a.source] or 20
        b.status, b.at, b.updated, b.raw, b.current = offer.status, a.at, offer.updated, offer.raw, True
        b.terms, b.winners = offer.complete, offer.winners
        b.stale = a.polled and bool(offer.updated) and a.at - offer.updated > max(3 * self.clocks[a.source].step(), 15 * MINUTE)
        if a.polled or offer.image:
            for c in b.cells.values():
                c.status = UNKNOWN
        for p in prices:
            c = b.cells.setdefault(p.selection, Cell(p.side))
            c.status, c.line = p.status, p.line
            c.price = p.price
        return b

    def note(self, b, at):
        values = b.values()
        for k, c in b.cells.items():
            status = UNKNOWN if not b.current else b.status if b.status != OPEN else c.status
            if b.stale and status == OPEN:
                status = "stale"
            row = (status, c.price if status == OPEN else 0.0, c.line, values.get(k))
            s = self.series.setdefault((b.event, b.venue, b.market, k), [])
            if s and s[-1][0] == at:
                s.pop()
            if not s or s[-1][1:] != row:
                if s or c.price:
                    s.append((at,) + row)


def joined(answers):
    """Joins a stream's legs of one market that arrive within COALESCE, so that the margin is removed from prices that belong together.

    A leg joins the first if it comes in time, repeats none of it, and both hold less than
    the whole market. The joined offer has the first leg's time.
    """
    size, legs = {}, {}
    queue = []
    for a in answers:
        while queue and queue[0].at < a.at - COALESCE:
            yield queue.pop(0)
        if a.polled:
            queue.append(a)
            continue
        keep = []
        for o in a.offers:
            key = (a.source, o.venue, o.event, o.market)
            n = size[key] = max(size.get(key, 0), len(o.prices))
            whole = o.image or o.status != OPEN or n > 1 and len(o.prices) == n
            first = legs.get(key)
            if first and not whole and first[0] >= a.at - COALESCE and first[1].in_play == o.in_play:
                held = {(p.name, p.line) for p in first[1].prices}
                if not any((p.name, p.line) in held for p in o.prices):
                    first[1].prices += o.prices
                    first[1].complete = o.complete
                    size[key] = max(n, len(first[1].prices))
                    continue
            keep.append(o)
            legs.pop(key, None)
            if not whole:
                legs[key] = (a.at, o)
        a.offers = keep
        if keep:
            queue.append(a)
    yield from queue
