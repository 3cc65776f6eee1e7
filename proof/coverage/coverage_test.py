"""Tests of coverage.py: python3 proof/coverage/coverage_test.py"""

import json
import unittest

import coverage

PLACE = {"event": "e", "market": "h2h"}


def link(leader, follower, **more):
    return {"leader": leader, "follower": follower, "league": "baseball_mlb", "market": "h2h", "phase": "pre",
            "simultaneous": True, "discovered": True, "below_floor": False, "changing": False, **more}


def stamp(at):
    return f"1970-01-01T00:{at // 60:02}:{at % 60:02}Z"


def known(*lines):
    return coverage.Known(json.dumps({**x, "at": stamp(x["at"])}) for x in lines)


def opportunity(at=100, **more):
    return {**PLACE, "follower": "f", "at": at, "live": False, "sign": 1, "movers": ["m"], **more}


class Cause(unittest.TestCase):
    def why(self, lines, o=None, opposite=False):
        return coverage.cause(o or opportunity(), "baseball_mlb", known(*lines), opposite)

    def test_before_a_link_is_known(self):
        self.assertEqual(self.why([{"at": 50, "links": []}]), "never")
        self.assertEqual(self.why([{"at": 50, "links": []}, {"at": 101, "links": [link("m", "f")]}]), "later")
        self.assertEqual(self.why([{"at": 50, "links": [link("m", "f", discovered=False, below_floor=True)]}]), "floor")
        self.assertEqual(self.why([{"at": 50, "links": [link("m", "f", changing=True)]}]), "changing")
        self.assertEqual(self.why([{"at": 50, "links": [link("m", "f", discovered=False)]}]), "never")

    def test_only_the_newest_decision_counts(self):
        lines = [{"at": 40, "links": [link("m", "f")]}, {"at": 90, "links": []}]
        self.assertEqual(self.why(lines), "later")

    def test_another_market_or_phase_is_no_link(self):
        for more in ({"market": "totals"}, {"phase": "live"}, {"league": "baseball_kbo"}):
            self.assertEqual(self.why([{"at": 50, "links": [link("m", "f", **more)]}]), "never")

    def test_why_a_known_link_was_not_called(self):
        links = {"at": 50, "links": [link("f", "m")]}  # whichever leads
        move = {**PLACE, "venue": "m", "selection": "home", "raw": 0.1, "rms": 0.04}
        large = {"at": 100, "moves": [move]}
        self.assertEqual(self.why([links], opportunity(movers=["x"])), "untied")
        self.assertEqual(self.why([links, {**large, "shut": [{**PLACE, "venue": "f"}]}]), "shut")
        self.assertEqual(self.why([links, {"at": 100, "moves": [move, {**move, "venue": "f"}]}]), "moved")
        self.assertEqual(self.why([links, large], opposite=True), "other way")
        for rms, want in ((0.06, "small"), (0, "small"), (0.05, "unexplained")):
            self.assertEqual(self.why([links, {"at": 100, "moves": [{**move, "rms": rms}]}]), want)


class Judge(unittest.TestCase):
    def test_shares(self):
        k = known({"at": 50, "links": [link("m", "f")]})
        found = [opportunity(), opportunity(at=101), opportunity(movers=["x"]), opportunity(follower="new")]
        called = lambda o, said, draws: 0.5 if o["at"] == 101 and o["sign"] == 1 else None
        a = coverage.judge(found, "baseball_mlb", set(), k, None, called)
        self.assertEqual((a["opportunities"], a["all"], a["known"], a["tied"], a["tied_called"]), (4, 0.25, 3, 2, 0.5))
        self.assertAlmostEqual(a["known_called"], 1 / 3)
        self.assertEqual(a["causes"], {"called": 1, "small": 1, "untied": 1, "never": 1})


if __name__ == "__main__":
    unittest.main()
