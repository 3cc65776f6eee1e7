package backup

import (
	"slices"
	"time"
)

// Keep is how many backups stay: the newest of each of that many hours, days and
// weeks (from Monday), in UTC, counting only those with a backup. Zero means 24, 7
// and 4; negative means none. The newest backup always stays.
type Keep struct {
	Hourly, Daily, Weekly int
}

func (k Keep) orDefault() Keep {
	for _, f := range []struct {
		n *int
		d int
	}{{&k.Hourly, 24}, {&k.Daily, 7}, {&k.Weekly, 4}} {
		if *f.n == 0 {
			*f.n = f.d
		}
	}
	return k
}

// Expired returns the times that k does not keep, oldest first. The order of times
// does not matter; equal ones stay or go together. What has expired stays expired
// whatever newer backups follow.
func Expired(times []time.Time, k Keep) []time.Time {
	k = k.orDefault()
	sorted := slices.Clone(times)
	slices.SortFunc(sorted, func(a, b time.Time) int { return b.Compare(a) }) // newest first
	kept := map[int64]bool{}
	if len(sorted) > 0 {
		kept[sorted[0].UnixNano()] = true
	}
	for _, class := range []struct {
		n    int
		span func(time.Time) time.Time // start of the hour, day or week
	}{{k.Hourly, hour}, {k.Daily, day}, {k.Weekly, week}} {
		last := time.Time{}
		n := class.n
		for i, t := range sorted {
			if begin := class.span(t); n > 0 && (i == 0 || !begin.Equal(last)) {
				kept[t.UnixNano()] = true
				last = begin
				n--
			}
		}
	}
	out := slices.DeleteFunc(sorted, func(t time.Time) bool { return kept[t.UnixNano()] })
	slices.Reverse(out)
	return out
}

func hour(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// week truncates to a Monday: the zero time, from which Truncate counts, is one.
func week(t time.Time) time.Time { return t.UTC().Truncate(7 * 24 * time.Hour) }
