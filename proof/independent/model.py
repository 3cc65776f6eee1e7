"""What every format says, in one form: an answer is what one source said at one time."""

from dataclasses import dataclass, field

OPEN, SUSPENDED, CLOSED, REMOVED, UNKNOWN = "open", "suspended", "closed", "removed", "unknown"
UNPRICED = "unpriced"  # listed, never with a price

# The role of an outcome. Outcomes without one are known by their name.
HOME, AWAY, DRAW, OVER, UNDER, YES, NO = "home", "away", "draw", "over", "under", "yes", "no"
SIDES = {HOME, AWAY, DRAW, OVER, UNDER, YES, NO}


@dataclass(slots=True)
class Price:
    name: str  # of the outcome
    side: str  # one of SIDES, or ""
    line: float | None
    status: str  # OPEN, or why there is no price
    price: float  # decimal odds; 0 none
    main: bool = False  # the source marks its line as the main one

    @property
    def selection(self):
        return self.side or self.name


@dataclass(slots=True)
class Offer:
    """One venue's prices of one market."""

    event: str
    sport: str
    league: str
    venue: str
    market: str
    prices: list
    status: str = OPEN
    in_play: bool = False
    image: bool = False  # replaces all that was known of the market
    updated: int = 0  # the venue's own stamp, ms; 0 unknown
    raw: bool = False  # prices of something that is no bet
    complete: bool | None = None  # stated: the outcomes are all there are and all have a price
    winners: int = 0  # stated; 0 not


@dataclass(slots=True)
class Answer:
    at: int  # ms since 1970
    source: str
    polled: bool  # what is missing from it is unknown from then on
    resolution: int  # ms, stated; 0 not
    offers: list


@dataclass
class Report:
    """What could not be read."""

    rejected: dict = field(default_factory=dict)
    skipped: dict = field(default_factory=dict)

    def reject(self, reason, n=1):
        self.rejected[reason] = self.rejected.get(reason, 0) + n

    def skip(self, reason):
        self.skipped[reason] = self.skipped.get(reason, 0) + 1
