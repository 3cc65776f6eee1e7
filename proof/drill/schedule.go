package drill

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"corrgraph/server/config"
	"corrgraph/server/guard/fault"
)

// Next is the next time of a scheduled fault.
type Next struct {
	At       time.Time     `json:"at"`
	In       time.Duration `json:"-"`
	InS      float64       `json:"in_seconds"`
	Fault    string        `json:"fault"`
	Every    string        `json:"every"` // "daily", or the day of the week
	Duration float64       `json:"duration_seconds"`
}

// Schedule is the schedule of a configuration.
type Schedule struct {
	Enabled bool   `json:"enabled"` // if false, no fault is injected
	Next    []Next `json:"next"`    // the next time of each fault, soonest first
}

// Coming returns the next time of each scheduled fault, later than now.
func Coming(c *config.Chaos, now time.Time) Schedule {
	s := Schedule{Enabled: c.Enabled, Next: []Next{}}
	for i := range c.Schedule {
		f := &c.Schedule[i]
		at := f.Next(now)
		s.Next = append(s.Next, Next{
			At: at, In: at.Sub(now), InS: at.Sub(now).Seconds(), Every: f.Day, Duration: f.Duration.Seconds(),
			Fault: Fault{fault.Kind(f.Fault), f.Layer, f.Delay, int64(f.Size), f.Offset, f.Duration}.String(),
		})
	}
	slices.SortStableFunc(s.Next, func(a, b Next) int { return a.At.Compare(b.At) })
	return s
}

// Text writes a schedule for people.
func (s Schedule) Text(w io.Writer) error {
	if !s.Enabled {
		if _, err := fmt.Fprintln(w, "chaos.enabled is false: none of these will be injected"); err != nil {
			return err
		}
	}
	if len(s.Next) == 0 {
		_, err := fmt.Fprintln(w, "nothing is scheduled")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "next\tin\tevery\tfault")
	for _, n := range s.Next {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", n.At.UTC().Format(time.RFC3339), n.In.Round(time.Minute), n.Every, n.Fault)
	}
	return t.Flush()
}
