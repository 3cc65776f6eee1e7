package screen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/internal/table"
	"corrgraph/odds"
	"corrgraph/server/config"
	"corrgraph/server/connect"
	"corrgraph/server/connect/venues"
)

// Finding is what is found of one venue.
type Finding struct {
	Venue   string             `json:"venue"`
	Good    bool               `json:"good"`
	Host    string             `json:"host"`
	SkewMs  *odds.Millis       `json:"clock_ahead_ms"` // of this machine; null: not known
	State   connect.Connection `json:"state"`
	Live    int                `json:"live"` // markets
	DelayMs odds.Millis        `json:"delay_ms"`
	Quota   map[string]float64 `json:"quota"`
	Wrong   []string           `json:"wrong"` // what is, and what to do
}

// Examine waits until each venue is decided, or for as long as it may.
func Examine(ctx context.Context, cfg *config.Config, desk *connect.Desk, client *http.Client, clock func() time.Time) []Finding {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for open := true; open; {
		open = false
		for _, s := range desk.Status() {
			open = open || s.Markets[frames.Live] == 0 && s.State != connect.Refused && s.State != connect.Waiting
		}
		select {
		case <-ctx.Done():
			open = false
		case <-tick.C:
		}
	}
	var out []Finding
	for i := range cfg.Connect.Venues {
		v := &cfg.Connect.Venues[i]
		s := desk.Nth(i)
		out = append(out, findingOf(&s, venues.Ask(context.WithoutCancel(ctx), v, client, clock), s.Venue))
	}
	return out
}

// mostSkew is how far off a clock may be before that is said: forecasts are about seconds.
const mostSkew = 2 * time.Second

func findingOf(s *connect.Status, r venues.Reach, name string) Finding {
	f := Finding{Venue: name, Host: r.Host, State: s.State, Live: s.Markets[frames.Live], DelayMs: s.Delay, Quota: s.Quota, Wrong: []string{}}
	if r.Err != nil {
		f.Wrong = append(f.Wrong, r.Err.Error()+": look at this machine's network, proxy and firewall")
	}
	if r.Known {
		ms := odds.Millis(r.Skew.Milliseconds())
		f.SkewMs = &ms
		if r.Skew.Abs() > mostSkew {
			way := map[bool]string{true: "ahead of", false: "behind"}[r.Skew > 0]
			f.Wrong = append(f.Wrong, fmt.Sprintf("this clock is %s %s the venue's: set it by NTP", r.Skew.Abs(), way))
		}
	}
	switch {
	case s.State == connect.Refused || s.State == connect.Waiting, f.Live == 0 && s.Error != "":
		f.Wrong = append(f.Wrong, s.Error)
	case f.Live == 0 && s.SkippedLast != "": // which is told below
	case f.Live == 0 && s.Markets[frames.Subscribed] == 0:
		f.Wrong = append(f.Wrong, "it has no market that the configuration asks for: look at sports, leagues and events")
	case f.Live == 0:
		f.Wrong = append(f.Wrong, fmt.Sprintf("%d markets were asked for and none was shown", s.Markets[frames.Subscribed]))
	}
	if s.SkippedLast != "" {
		f.Wrong = append(f.Wrong, "not asked for: "+s.SkippedLast)
	}
	f.Good = f.Live > 0
	return f
}

// Unheard is an error if a venue has shown no price because no session with it could go on.
func Unheard(all []connect.Status) error {
	var why []string
	for i := range all {
		if all[i].Quotes == 0 && all[i].Error != "" {
			why = append(why, fmt.Sprintf("%s showed no price: %s", all[i].Venue, all[i].Error))
		}
	}
	if why == nil {
		return nil
	}
	return errors.New(strings.Join(why, "; "))
}

// WriteFindings writes what was found for people.
func WriteFindings(w io.Writer, all []Finding) error {
	text := ""
	for i := range all {
		f := &all[i]
		mark := map[bool]string{true: "good", false: "BAD"}[f.Good]
		text += fmt.Sprintf("%s: %s, %s", f.Venue, mark, f.State)
		if f.Live > 0 {
			text += fmt.Sprintf(", %d markets live, %d ms after the venue's stamp", f.Live, f.DelayMs)
		}
		if f.SkewMs != nil {
			text += fmt.Sprintf(", this clock %+.0f s", f.SkewMs.Std().Seconds())
		}
		for _, of := range slices.Sorted(maps.Keys(f.Quota)) {
			text += ", " + left(of, f.Quota[of])
		}
		text += "\n"
		for _, x := range f.Wrong {
			text += "  " + table.Plain(x) + "\n"
		}
	}
	_, err := io.WriteString(w, text)
	return err
}
