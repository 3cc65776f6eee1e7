"""The shared recordings, and their bytes without compression."""

import bz2
import glob
import gzip
import os

# name, pattern of files below the data folder, format, column map of the program
RECORDINGS = [
    ("oddsapi-mlb", "the-odds-api-v4/mlb_*", "oddsapi", ""),
    ("oddsapi-wnba", "the-odds-api-v4/wnba_*", "oddsapi", ""),
    ("oddsapi-kbo", "the-odds-api-v4/kbo_*", "oddsapi", ""),
    ("oddsapi-nfl", "the-odds-api-v4/nfl_*", "oddsapi", ""),
    ("oddsapi-worldcup", "the-odds-api-v4/worldcup_*", "oddsapi", ""),
    ("oddsapi-cities", "the-odds-api-v4/[mw][ln][bn]*_2026-08-06*", "oddsapi", ""),
    ("oddsapi-raw", "the-odds-api-v4/raw/*", "oddsapi", ""),
    ("oddsapi-more-mlb", "the-odds-api-more/mlb_*", "oddsapi", ""),
    ("oddsapi-more-wnba", "the-odds-api-more/wnba_*", "oddsapi", ""),
    ("oddsapi-more-kbo", "the-odds-api-more/kbo_*", "oddsapi", ""),
    ("oddsapi-more-nfl", "the-odds-api-more/nfl_*", "oddsapi", ""),
    ("betfair-greyhounds", "betfair-stream/1.19793175*", "betfair", ""),
    ("betfair-cricket", "betfair-stream/1.200806927*", "betfair", ""),
    ("betfair-tennis", "betfair-stream/1.2237169*", "betfair", ""),
    ("betfair-soccer", "betfair-stream/1.242971311*", "betfair", ""),
    ("betfair-basic", "betfair-stream/BASIC-*", "betfair", ""),
    ("betfair-frames", "betfair-stream-frames/*.json", "betfair", ""),
    ("btcjpy", "btcjpy-two-exchanges/*.csv.gz", "btcjpy", "btcjpy-two-exchanges"),
    ("kalshi", "kalshi-nba-1min/*.csv.bz2", "kalshi", "kalshi-nba-1min"),
    ("prediction-markets", "prediction-markets-multi/*.csv.bz2", "prediction_markets", "prediction-markets-multi"),
    ("proto-changes", "proto-vs-overseas/changes_*", "proto_changes", "proto-changes"),
    ("proto-overseas", "proto-vs-overseas/live_odds_*", "proto_overseas", "proto-live-odds"),
]


def paths(data, pattern):
    return sorted(glob.glob(os.path.join(data, pattern)))


def content(path):
    """Returns a file's bytes, whatever its name says of the compression."""
    with open(path, "rb") as f:
        data = f.read()
    while True:
        if data[:3] == b"BZh":
            data = bz2.decompress(data)
        elif data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        else:
            return data
