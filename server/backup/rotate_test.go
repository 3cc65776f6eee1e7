package backup

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestExpiredByExample(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	all := []time.Time{
		at("2026-01-05 00:10"), // Monday; the week's newest are below
		at("2026-01-11 22:00"), // Sunday, newest of its week
		at("2026-01-12 09:00"), // Monday, newest of its day
		at("2026-01-12 08:59"),
		at("2026-01-14 10:05"),
		at("2026-01-14 10:55"), // newest of its hour
		at("2026-01-14 11:00"),
	}
	got := Expired(all, Keep{Hourly: 2, Daily: 2, Weekly: 2})
	want := []time.Time{at("2026-01-05 00:10"), at("2026-01-12 08:59"), at("2026-01-14 10:05")}
	if !slices.Equal(got, want) {
		t.Errorf("expired %v, want %v", got, want)
	}
}

func TestExpired(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var all []time.Time
		for _, minutes := range rapid.SliceOfN(rapid.IntRange(0, 60*24*120), 0, 80).Draw(t, "minutes") {
			all = append(all, begin.Add(time.Duration(minutes)*time.Minute))
		}
		count := rapid.IntRange(-1, 10)
		k := Keep{count.Draw(t, "hourly"), count.Draw(t, "daily"), count.Draw(t, "weekly")}
		gone := Expired(all, k)
		var kept []time.Time
		for _, at := range all {
			if !slices.ContainsFunc(gone, at.Equal) {
				kept = append(kept, at)
			}
		}
		newest := begin
		for _, at := range all {
			if at.After(newest) {
				newest = at
			}
		}
		if len(all) > 0 && !slices.ContainsFunc(kept, newest.Equal) && len(kept) > 0 {
			t.Fatalf("the newest, %v, is gone", newest)
		}
		if len(all) > 0 && len(kept) == 0 {
			t.Fatal("all are gone")
		}
		if len(Expired(kept, k)) > 0 {
			t.Fatal("what was kept expires at once")
		}
		d := k.orDefault()
		distinct := map[int64]bool{}
		for _, at := range kept {
			distinct[at.UnixNano()] = true
		}
		if most := max(d.Hourly, 0) + max(d.Daily, 0) + max(d.Weekly, 0) + 1; len(distinct) > most {
			t.Fatalf("%d are kept, more than %d", len(distinct), most)
		}
		// Expiring continuously keeps the same backups as expiring once at the end.
		var stepwise []time.Time
		sorted := slices.Clone(all)
		slices.SortFunc(sorted, time.Time.Compare)
		for _, at := range sorted {
			stepwise = append(stepwise, at)
			gone := Expired(stepwise, k)
			stepwise = slices.DeleteFunc(stepwise, func(at time.Time) bool { return slices.ContainsFunc(gone, at.Equal) })
		}
		slices.SortFunc(kept, time.Time.Compare)
		if !slices.Equal(stepwise, kept) {
			t.Fatalf("step by step %v are kept, at once %v", stepwise, kept)
		}
		slices.Reverse(all)
		if !slices.Equal(Expired(all, k), gone) {
			t.Fatal("the order matters")
		}
	})
}
