"""The Odds API v4, from its documentation and the recordings' README.

A line or a file is a poll: {"timestamp", "data": [event…]}, or the bare array of events, whose
time is then the newest last_update in it. One poll of several sports is one answer a sport.
"""

import json
from datetime import datetime, timezone

from model import AWAY, DRAW, HOME, OPEN, OVER, UNDER, Answer, Offer, Price

_times = {}


def millis(text):
    """Reads an RFC 3339 time; None and "" are 0."""
    if not text:
        return 0
    at = _times.get(text)
    if at is None:
        at = int(datetime.fromisoformat(text).astimezone(timezone.utc).timestamp() * 1000)
        _times[text] = at
    return at


def polls(data):
    """Yields (time or 0, events) of a file."""
    try:
        documents = [json.loads(data)]
    except ValueError:
        documents = [json.loads(line) for line in data.splitlines() if line.strip()]
    for d in documents:
        if isinstance(d, dict) and "data" in d:
            yield millis(d.get("timestamp")), d["data"]
        else:
            yield 0, d if isinstance(d, list) else [d]


def decimal(price, american):
    if not american:
        return float(price)
    return 1 + (price / 100 if price > 0 else 100 / -price)


def is_american(events):
    """American odds are 100 or more in magnitude; a decimal price is above 1 and rarely so high."""
    numbers = [o["price"] for e in events for b in e["bookmakers"] for m in b["markets"] for o in m["outcomes"]]
    return any(x <= -100 for x in numbers) or bool(numbers) and all(abs(x) >= 100 for x in numbers)


def side(name, event):
    if name == event["home_team"]:
        return HOME
    if name == event["away_team"]:
        return AWAY
    return {"draw": DRAW, "over": OVER, "under": UNDER}.get(name.lower(), "")


def offer(event, book, market, at, american):
    sport, _, league = event["sport_key"].partition("_")
    prices = []
    for o in market["outcomes"]:
        point = o.get("point")
        name = o["name"]
        prices.append(Price(name, side(name, event), None if point is None else float(point), OPEN, decimal(o["price"], american)))
    start = millis(event["commence_time"])
    return Offer(
        event["id"], sport, league, book["key"], market["key"], prices,
        in_play=start <= at, updated=millis(market.get("last_update") or book.get("last_update")),
    )


def answers(name, data, report):
    sports = set()
    for at, events in polls(data):
        sports.update(e["sport_key"] for e in events)
        if not events and len(sports) == 1 and at:  # everything is unknown now
            yield Answer(at, *sports, True, 0, [])
            continue
        if not at:
            stamps = [m.get("last_update") or b.get("last_update") for e in events for b in e["bookmakers"] for m in b["markets"]]
            stamps += [b.get("last_update") for e in events for b in e["bookmakers"]]
            at = max(map(millis, stamps))
        american = is_american(events)
        for sport in sorted({e["sport_key"] for e in events}):
            offers = [offer(e, b, m, at, american) for e in events if e["sport_key"] == sport for b in e["bookmakers"] for m in b["markets"]]
            yield Answer(at, sport, True, 0, offers)
