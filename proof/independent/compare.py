"""Compares what corrgraph reads of the shared recordings with what this parser reads.

    python3 proof/independent/compare.py BINARY [--only NAME…] [--data FOLDER] [--keep FOLDER] [--show N]

Exit code: 0 equal, 1 different, 2 wrong usage. See README.md.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone

import betfair
import board
import files
import oddsapi
import tables
from model import OPEN, Report

HERE = os.path.dirname(os.path.abspath(__file__))
MAPS = os.path.join(HERE, "..", "..", "feed", "columns", "maps")
READERS = {
    "oddsapi": oddsapi.answers, "betfair": betfair.answers, "btcjpy": tables.btcjpy, "kalshi": tables.kalshi,
    "prediction_markets": tables.prediction_markets, "proto_changes": tables.proto_changes, "proto_overseas": tables.proto_overseas,
}
NEAR = 1e-9


def offer_key(o):
    return o.event, o.venue, o.market


def same(a, b):
    return (a.status, a.in_play, a.raw, a.prices) == (b.status, b.in_play, b.raw, b.prices)


def ordered(answers, count):
    """Sorts answers by time and source, and leaves out what is said twice at one time."""
    answers.sort(key=lambda a: (a.at, a.source))
    now, at = {}, None
    for a in answers:
        if a.at != at:
            now, at = {}, a.at
        keep = []
        for o in a.offers:
            said = now.setdefault((a.source, offer_key(o)), [])
            if any(same(o, s) for s in said):
                count["duplicates"] += len(o.prices)
            elif said and a.polled:
                count["conflicts"] += len(o.prices)
            else:
                said.append(o)
                keep.append(o)
        if keep or a.polled:
            a.offers = keep
            yield a


def read(reader, paths):
    """Reads files into a board."""
    report, answers = Report(), []
    for path in paths:
        answers += (tables.together if reader.__module__ == 'tables' else iter)(reader(path, files.content(path), report))
    count = {"duplicates": 0, "conflicts": 0}
    b = board.Board()
    b.events = set()
    for a in board.joined(ordered(answers, count)):
        b.events.update(o.event for o in a.offers)
        b.apply(a)
    return b, report, count


def call(binary, *args):
    p = subprocess.run([binary, *args], capture_output=True, text=True)
    if p.returncode not in (0, 3):
        sys.exit(f"{binary} {args[0]}: exit code {p.returncode}: {p.stderr}")
    return p.stdout


def millis(text):
    return int(datetime.fromisoformat(text).timestamp() * 1000 + 0.5)


def program(binary, folder, args):
    """Replays with the program; returns its summary, its events and the series of its nodes."""
    db = os.path.join(folder, "store.db")
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    summary = json.loads(call(binary, "replay", "--json", "--db", db, *args))
    events = json.loads(call(binary, "events", "--json", "--db", db))["events"]
    anomalies = json.loads(call(binary, "anomalies", "--json", "--suppressed", "--kind", "arbitrage", "--db", db))["anomalies"]
    out = os.path.join(folder, "quotes.csv")
    with open(out, "w") as f:
        subprocess.run([binary, "quotes", "--db", db], stdout=f, check=True)
    series, times = {}, {}
    with open(out, newline="") as f:
        for r in csv.DictReader(f):
            at = times.get(r["at"])
            if at is None:
                at = times[r["at"]] = millis(r["at"])
            s = series.setdefault((r["event_id"], r["venue"], r["market"], r["selection"]), [])
            row = (r["status"], float(r["price"]) if r["status"] == OPEN else 0.0, optional(r["line"]), optional(r["value"]))
            if s and s[-1][0] == at:
                s.pop()
            if not s or not close(s[-1][1:], row):
                s.append((at,) + row)
    return summary, events, anomalies, series


def optional(text):
    return float(text) if text else None


def close(a, b):
    """Compares (status, price, line, value); numbers within rounding."""
    if a[0] != b[0] or (a[3] is None) != (b[3] is None):
        return False
    if a[0] == OPEN and (a[2] != b[2] or abs(a[1] - b[1]) > NEAR * a[1]):
        return False
    return a[3] is None or abs(a[3] - b[3]) <= NEAR * max(1, abs(a[3]))


def thin(series):
    """Leaves out rows that differ from the one before in nothing that is compared."""
    out = []
    for row in series:
        if not out or not close(out[-1][1:], row[1:]):
            out.append(row)
    return out


class Verdict:
    def __init__(self, name, most):
        self.name, self.most, self.columns, self.faults = name, most, [], []

    def equal(self, what, ours, theirs):
        self.columns.append(f"{what} {theirs}" + ("" if ours == theirs else f" (parser: {ours})"))
        if ours != theirs:
            self.faults.append(f"{what}: the program has {theirs}, the parser {ours}")

    def sets(self, what, ours, theirs):
        self.columns.append(f"{what} {len(theirs)}" + ("" if ours == theirs else f" (parser: {len(ours)})"))
        for who, left in (("program", theirs - ours), ("parser", ours - theirs)):
            if left:
                self.faults.append(f"{what}: only the {who} has {len(left)}: " + "; ".join(map(str, sorted(left)[: self.most])))


def compare(name, format, args, paths, binary, most, keep):
    v = Verdict(name, most)
    with tempfile.TemporaryDirectory() as folder:
        summary, events, anomalies, theirs = program(binary, keep or folder, args + paths)
    b, report, count = read(READERS[format], paths)
    ours = {k: thin(s) for k, s in b.series.items() if s}
    v.equal("quotes", b.quotes, summary["quotes"])
    v.equal("rejected", report.rejected, summary["rejected"])
    if count["duplicates"] or summary["duplicates"]:
        v.equal("duplicates", count["duplicates"], summary["duplicates"])
    v.sets("venues", {k[1] for k in ours}, {k[1] for k in theirs})
    v.sets("events", b.events, {e["event_id"] for e in events})
    v.sets("outcomes", set(ours), set(theirs))
    values(v, ours, theirs)
    arbitrages(v, b.episodes, anomalies)
    return v


NOT_YET = ("cooling down", "the event has used up", "suspected phantom")  # why an arbitrage that holds is not raised


def arbitrages(v, episodes, anomalies):
    """Compares when and in which markets an arbitrage begins."""
    theirs = set()
    for a in anomalies:
        reason = a.get("suppressed") or ""
        if not reason or reason.startswith(NOT_YET):
            theirs.add((a["event_id"], a["nodes"][0].split("/")[2], a["at"]))
    ours = {(event, market, stamp(at)) for event, market, at, _, _ in episodes}
    v.sets("arbitrages", ours, theirs)


def stamp(at):
    t = datetime.fromtimestamp(at / 1000, timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at % 1000:03d}" if at % 1000 else "") + "Z"


def values(v, ours, theirs):
    """Compares every node's whole series of states and values."""
    n = wrong = 0
    for k in sorted(set(ours) & set(theirs)):
        a, b = ours[k], thin(theirs[k])
        n += len(b)
        if len(a) == len(b) and all(x[0] == y[0] and close(x[1:], y[1:]) for x, y in zip(a, b)):
            continue
        wrong += 1
        if wrong <= v.most:
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x[0] != y[0] or not close(x[1:], y[1:])), min(len(a), len(b)))
            v.faults.append(f"values of {'/'.join(k)} at row {at}: the program has {shown(b, at)}, the parser {shown(a, at)}")
    v.columns.append(f"values {n}" + (f" ({wrong} nodes differ)" if wrong else ""))
    if wrong > v.most:
        v.faults.append(f"values of {wrong} nodes differ")


def shown(rows, i):
    if i >= len(rows):
        return "no more"
    at, status, price, line, value = rows[i]
    return f"{datetime.utcfromtimestamp(at / 1000).isoformat()}Z {status} price {price:.6g} line {line} value {value}"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("binary")
    p.add_argument("--only", nargs="*", default=[], help="recordings, by name")
    p.add_argument("--data", default=os.path.join(HERE, "..", "..", "..", "shared", "data"))
    p.add_argument("--show", type=int, default=3, help="differences shown of each kind")
    p.add_argument("--keep", default="", help="folder for the program's store and quotes")
    o = p.parse_args()
    different = done = 0
    for name, pattern, format, map in files.RECORDINGS:
        if o.only and not any(x in name for x in o.only):
            continue
        start = time.time()
        args = ["--map", os.path.join(MAPS, map + ".yaml")] if map else []
        keep = os.path.join(o.keep, name) if o.keep else ""
        if keep:
            os.makedirs(keep, exist_ok=True)
        v = compare(name, format, args, files.paths(o.data, pattern), o.binary, o.show, keep)
        done += 1
        different += bool(v.faults)
        print(f"{name:20} {'DIFFERENT' if v.faults else 'equal':10}{', '.join(v.columns)}  [{time.time() - start:.0f} s]", flush=True)
        for f in v.faults:
            print("    " + f, flush=True)
    print(f"{done} recordings, {different} different")
    return 1 if different or not done else 0


if __name__ == "__main__":
    sys.exit(main())
