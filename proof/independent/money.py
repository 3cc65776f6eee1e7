"""Recomputes price, fair, close and CLV of calls from the raw polls of The Odds API, and sets them beside what
`corrgraph forecasts --json` says. Nothing of corrgraph inside; standard library only.

    python3 money.py FORECASTS.json RECORDING…

The venues left out are those that the answer names; betonlineag and lowvig count once. Prices that a venue stamps more than 15
minutes (three polls, if longer) before the poll are stale. Closes that were converted from another line are not recomputed.
"""
import bz2, calendar, json, math, statistics, sys, time
GROUPS = {"betonlineag": "lowvig"}

def sec(s): return calendar.timegm(time.strptime(s, "%Y-%m-%dT%H:%M:%SZ"))
def dec(a): return 1 + (a / 100 if a > 0 else -100 / a)
def shin(o):
    q = [1 / x for x in o]; s = sum(q)
    if s <= 1: return [x / s for x in q]
    if len(q) == 2: return [x - (s - 1) / 2 for x in q]
    f = lambda z: [(math.sqrt(z * z + 4 * (1 - z) * x * x / s) - z) / (2 * (1 - z)) for x in q]
    lo, hi = 0, .999
    for _ in range(80):
        z = (lo + hi) / 2
        lo, hi = (z, hi) if sum(f(z)) > 1 else (lo, z)
    return f(lo)

polls = []                      # (t, {event: event})
for path in sys.argv[2:]:
    for line in bz2.open(path):
        p = json.loads(line)
        polls.append((sec(p["timestamp"]), {e["id"]: e for e in p["data"]}))
polls.sort(key=lambda x: x[0])
step = statistics.median(b[0] - a[0] for a, b in zip(polls, polls[1:]))
at = {t: i for i, (t, _) in enumerate(polls)}

def market(event, venue, key):
    for b in event["bookmakers"]:
        if b["key"] == venue:
            for m in b["markets"]:
                if m["key"] == key: return m

def side(event, name):
    return {event["home_team"]: "home", event["away_team"]: "away", "Over": "over", "Under": "under", "Draw": "draw"}.get(name, name)

def fair(t, event, key, sel, line, without, n):
    """Median over groups of Shin's probability of sel at the same line."""
    by = {}
    for b in event["bookmakers"]:
        v = b["key"]
        m = market(event, v, key)
        if v in without or m is None or t - sec(m["last_update"]) > max(3 * step, 900): continue
        o = {side(event, x["name"]): x for x in m["outcomes"]}
        if sel not in o or len(o) != n or any(abs(x["price"]) < 100 for x in o.values()): continue
        if line is not None and o[sel].get("point") != line: continue
        names = list(o)
        p = shin([dec(o[x]["price"]) for x in names])[names.index(sel)]
        by.setdefault(GROUPS.get(v, v), []).append(p)
    return statistics.median(map(statistics.median, by.values())) if len(by) > 1 else None

said = json.load(open(sys.argv[1]))["forecasts"]
same = {k: [0, 0, 0.0] for k in ("price", "fair", "close", "clv")}   # compared, agree within 1e-6, largest difference
bad = []
lacking = 0
def put(what, got, want, c):
    s = same[what]; s[0] += 1
    if got is None and want is None: s[1] += 1; return
    if (got is None) != (want is None): bad.append((what, got, want, c["id"])); return
    d = abs(got - want); s[2] = max(s[2], d); s[1] += d < 1e-6
    if d >= 1e-6: bad.append((what, got, want, c["id"]))
for c in said:
    if c["price"] is None or c["bet"] is None: continue
    t = c["issued_at_ms"] // 1000
    if t not in at: continue
    venue, event, key, sel = c["bet"].split("/")[:4]
    e = polls[at[t]][1].get(event)
    m = e and market(e, venue, key)
    if not m: bad.append(("row", None, None, c["id"])); continue
    o = {side(e, x["name"]): x for x in m["outcomes"]}
    put("price", c["price"], dec(o[sel]["price"]), c)
    f = fair(t, e, key, sel, c["bet_line"], c["without"], len(o))
    put("fair", c["fair"], f, c)
    if sec(e["commence_time"]) <= t or c["converted"]: continue
    last = None                 # the last poll with the event before it is in play
    for i in range(at[t], len(polls)):
        x = polls[i][1].get(event)
        if x is None: continue
        if sec(x["commence_time"]) <= polls[i][0]:
            break
        last = i
    else:
        last = None
    want = None
    if last is not None and polls[i][0] - polls[last][0] <= max(900, 3 * step):
        want = fair(polls[last][0], polls[last][1][event], key, sel, c["bet_line"], c["without"], len(o))
    if want is None and c["close"] is None: lacking += 1; continue
    put("close", c["close"], want, c)
    if want is not None: put("clv", c["clv"], want * dec(o[sel]["price"]) - 1, c)
for k, (n, ok, d) in same.items(): print(f"{k}: {ok} of {n} agree within 1e-6; largest difference {d:.2e}")
print(f"no close on either side: {lacking}; disagreements {len(bad)}")
for b in bad[:12]: print(b)
