"""Of the moments at which a venue could follow and the program knew a link of it, how many it called, and why not the others.

  coverage.py --reference FOLDER --known KNOWN.ndjson --forecasts F.json FILE… [--json]

FOLDER holds opportunities.py, which says what an opportunity is, with the modules that it uses. KNOWN is what
`go run ./proof/coverage FILE…` wrote, F.json is `corrgraph forecasts --json` of a store of the same files.

known    At the poll of the opportunity, by decisions made before it, a link of the follower with another venue was
         discovered in the league, market and phase, above the floor and not changing; whichever of both leads, or none.
tied     A mover of that poll is such a venue: the program had a reason to call.
called   A forecast of the same event, follower, market, side and direction stood at the poll.
Causes   of what was not called, the first that holds:
         later       no link was known yet, but one was by the end of the files
         floor       links were found, but below the floor, and none other ever
         never       no link was ever found
         changing    links were known, but all were said to be changing
         untied      none of the movers is a venue that the follower is known to be linked with
         shut        the follower's quote was stale, suspended or closed by the program
         moved       the program saw the follower move at that poll
         other way   a forecast of the follower in the other direction was open
         small       no linked mover moved by 2 r.m.s. of its own moves, as the program counts them
         unexplained nothing of that
The first four are no part of `known`. Every venue counts, void opportunities too: what came of them does not matter.
"""
import argparse
import collections
import datetime
import json
import sys

CAUSES = "later", "floor", "never", "changing", "untied", "shut", "moved", "other way", "small", "unexplained"
UNKNOWN = CAUSES[:4]
LARGE = 2


def seconds(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


class Known:
    """What the program knew and saw: see main.go. Times in seconds."""

    def __init__(self, lines):
        self.times, self.links = [], []  # of decisions: {(league, market, phase, venue): {other venue: state}}
        self.moves = collections.defaultdict(dict)  # (at, event, market): {venue: largest move in r.m.s.}
        self.shut = set()  # (at, event, market, venue)
        for text in lines:
            line = json.loads(text)
            at = round(seconds(line["at"]))
            if "links" in line:
                self.times.append(at)
                self.links.append(by_venue(line["links"]))
            for m in line.get("moves", ()):
                if m["market"] in ("h2h", "spreads", "totals"):
                    size = abs(m["raw"]) / m["rms"] if m["rms"] else 0.0
                    seen = self.moves[at, m["event"], m["market"]]
                    seen[m["venue"]] = max(size, seen.get(m["venue"], 0.0))
            for s in line.get("shut", ()):
                self.shut.add((at, s["event"], s["market"], s["venue"]))

    def before(self, at):
        """The links by the last decision before a poll; the poll's own instant is not known to it."""
        i = 0
        for k, t in enumerate(self.times):
            if t > at:
                break
            i = k + 1
        return self.links[i - 1] if i else {}

    def ever(self, key):
        """Every state that a venue's links had at any decision."""
        return {state for links in self.links for state in links.get(key, {}).values()}


def by_venue(links):
    found = collections.defaultdict(dict)
    for x in links:
        state = ("changing" if x["changing"] else "known" if x["discovered"] and not x["below_floor"]
                 else "floor" if x["below_floor"] else "")
        if state:
            for venue, other in ((x["leader"], x["follower"]), (x["follower"], x["leader"])):
                found[x["league"], x["market"], x["phase"], venue][other] = state
    return found


def cause(o, league, known, opposite):
    """Why an opportunity was not called. opposite: whether a call in the other direction stood."""
    key = league, o["market"], "live" if o["live"] else "pre", o["follower"]
    links = known.before(o["at"]).get(key, {})
    states = set(links.values())
    if "known" not in states:
        ever = known.ever(key)
        return ("changing" if "changing" in states else "later" if "known" in ever else "floor" if "floor" in ever
                else "never")
    seen = known.moves.get((o["at"], o["event"], o["market"]), {})
    tied = [v for v in o["movers"] if links.get(v) == "known"]
    if not tied:
        return "untied"
    if (o["at"], o["event"], o["market"], o["follower"]) in known.shut:
        return "shut"
    if o["follower"] in seen:
        return "moved"
    if opposite:
        return "other way"
    if all(seen.get(v, 0.0) < LARGE for v in tied):
        return "small"
    return "unexplained"


def with_movers(reference, league):
    """The opportunities of a league, each with the venues that made it one."""
    movers = collections.defaultdict(list)
    large = reference.is_large
    found = reference.opportunities(league)
    squares, markets_at = collections.defaultdict(lambda: [0, 0.0]), collections.defaultdict(list)
    for event, market in sorted(league.values):
        for k in league.seen[event]:
            markets_at[k].append((event, market))
    for k in range(1, len(league.polls)):  # the same pass as in opportunities(), which keeps no names
        now = []
        for event, market in markets_at[k]:
            if not league.linked(event, k):
                continue
            live = league.live(event, k)
            for venue, s in league.values[event, market].items():
                if k in s and k - 1 in s:
                    x = s[k] - s[k - 1]
                    now.append((market, venue, live, x))
                    if abs(x) > 1e-9 and large(x, *squares[market, venue, live]):
                        movers[event, market, k].append(venue)
        for market, venue, live, x in now:
            sums = squares[market, venue, live]
            sums[0], sums[1] = sums[0] + 1, sums[1] + x * x
    for o in found:
        o["movers"] = movers[o["event"], o["market"], o["k"]]
    return found


def judge(found, league, draws, known, said, called):
    """Counts of a league's opportunities."""
    causes, tied = collections.Counter(), collections.Counter()
    for o in found:
        is_called = called(o, said, draws) is not None
        why = cause(o, league, known, called({**o, "sign": -o["sign"]}, said, draws) is not None)
        if is_called:
            causes["called without a link" if why in UNKNOWN else "called"] += 1
        else:
            causes[why] += 1
        if why not in UNKNOWN and why != "untied":
            tied["called" if is_called else "not"] += 1
    n, missed = len(found), sum(causes[c] for c in UNKNOWN) + causes["called without a link"]
    return {"league": league, "opportunities": n, "all": share(n - sum(causes[c] for c in CAUSES), n),
            "known": n - missed, "known_called": share(causes["called"], n - missed),
            "tied": sum(tied.values()), "tied_called": share(tied["called"], sum(tied.values())), "causes": dict(causes)}


def share(part, whole):
    return part / whole if whole else None


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("files", nargs="+", metavar="FILE")
    for name in ("reference", "known", "forecasts"):
        arguments.add_argument("--" + name, required=True)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    sys.path.insert(0, given.reference)
    import forecasts
    import opportunities
    import polls
    with open(given.known) as lines:
        known = Known(lines)
    said = forecasts.stated(given.forecasts, None)
    answers = []
    for league in polls.read(given.files).values():
        answers.append(judge(with_movers(opportunities, league), league.name, league.draws, known, said, forecasts.called))
    if given.json:
        print(json.dumps({"leagues": answers}, indent=1))
        return
    for a in answers:
        print(f"{a['league']}: {a['opportunities']} opportunities, called {shown(a['all'])}; "
              f"a link known in {a['known']}, called {shown(a['known_called'])}; "
              f"a linked mover in {a['tied']}, called {shown(a['tied_called'])}")
        for c in CAUSES + ("called without a link",):
            print(f"  {c:22}{a['causes'].get(c, 0):7}")


def shown(x):
    return "–" if x is None else f"{x:.3f}"


if __name__ == "__main__":
    main()
