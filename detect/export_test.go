package detect

import (
	"fmt"
	"strings"
	"time"

	"corrgraph/odds"
)

// Shared by the tests of this package and the external scenario tests.
var (
	Clock = clock
	List  = list

	SideNamed = sideNamed

	Minute = odds.Millis(minute)
)

// clock converts a time of day to a time on a fixed day.
func clock(s string) odds.Time {
	t, err := time.Parse("2006-01-02 15:04", "2026-06-20 "+s)
	if err != nil {
		panic(err)
	}
	return odds.TimeOf(t)
}

// list formats anomalies for messages.
func list(all []Anomaly) string {
	if len(all) == 0 {
		return "nothing"
	}
	var b strings.Builder
	for _, a := range all {
		fmt.Fprintf(&b, "\n  %s %s %v at %v until %v strength %.2f confidence %.2f %q: %s", a.Kind, a.Severity, a.Nodes, a.At, a.Until, a.Strength, a.Confidence, a.Suppressed, a.Explain())
	}
	return b.String()
}

// sideNamed is the side of that name, or OtherSide.
func sideNamed(s string) odds.Side {
	for side := odds.Home; side <= odds.No; side++ {
		if side.String() == s {
			return side
		}
	}
	return odds.OtherSide
}
