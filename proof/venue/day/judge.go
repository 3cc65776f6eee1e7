package day

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// slack is how far a lag may be from another one: a step of the grid on which lags are sought, at
// least a second.
func slack(e edge) time.Duration { return max(time.Second, e.resolution) }

// ofAll reports whether one end is the consensus of all books, which the market does not plant.
func (e edge) ofAll() bool { return e.leader == "consensus" || e.follower == "consensus" }

// faults are what must not be of one life: an edge that nobody planted or that points the other
// way, one that is missing, a price that was invented or lost.
func (l *life) faults() (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, l.name+": "+fmt.Sprintf(format, args...)) }
	missing := map[string]bool{}
	for k := leader + 1; k < loner; k++ {
		missing[books[k].name] = true
	}
	for _, e := range l.edges {
		lag, ok := lagOf(e.leader, e.follower)
		switch {
		case e.ofAll():
		case !ok:
			say("%s is told, and nobody planted it", e)
		case !e.directed && e.leader == books[leader].name:
			say("%s is told without a direction", e)
		case lag < 0:
			say("%s is told the wrong way round", e)
		case (e.lag - lag).Abs() > slack(e):
			say("%s is told, planted were %.1f s", e, lag.Seconds())
		case e.leader == books[leader].name:
			delete(missing, e.follower)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		say("%s > %s is not found", books[leader].name, name)
	}
	if l.inventions > 0 {
		say("%d quotes were told that nobody showed, the first: %s", l.inventions, strings.Join(l.invented, "; "))
	}
	for _, source := range slices.Sorted(maps.Keys(l.accounts)) {
		a := l.accounts[source]
		if n := len(a.Lost); n > 0 {
			say("%s: %d moves are lost, the first: %s", source, n, strings.Join(a.Lost[:min(n, 5)], "; "))
		}
		if n := len(a.Differ); n > 0 {
			say("%s: %d prices differ at the end, the first: %s", source, n, a.Differ[0])
		}
		if a.Told == 0 {
			say("%s told nothing", source)
		}
	}
	return wrong
}

// differ says how what was learnt with faults is another than without. On a short market the edges
// between followers are thin: unless strict, they may have no direction, or be missing.
func differ(calm, rough []edge, strict bool) (wrong []string) {
	thin := func(e edge) bool { return !strict && e.leader != books[leader].name }
	other := map[string]edge{}
	for _, e := range rough {
		other[e.leader+" > "+e.follower] = e
	}
	for _, e := range calm {
		name := e.leader + " > " + e.follower
		is, ok := other[name]
		delete(other, name)
		switch {
		case !ok && !thin(e):
			wrong = append(wrong, fmt.Sprintf("%s is not found with faults", e))
		case ok && is.directed != e.directed && !thin(e) || ok && (is.lag-e.lag).Abs() > max(slack(e), slack(is)):
			wrong = append(wrong, fmt.Sprintf("%s is with faults %s", e, is))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(other)) {
		if thin(other[name]) {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%s is found with faults alone", other[name]))
	}
	return wrong
}

// print writes what became of a life for people.
func (l *life) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d moves, %d faults (%s)\n", l.name, l.steps, len(l.mishaps), counted(l.mishaps))
	fmt.Fprintf(w, "  told %d quotes, %d of them without a price; %d invented; refused %v\n", l.open+l.unknown, l.unknown, l.inventions, l.refused)
	for _, source := range slices.Sorted(maps.Keys(l.accounts)) {
		a := l.accounts[source]
		fmt.Fprintf(w, "  %-10s %d frames in %d sessions; of %d prices shown %d told, %d in doubt, %d overtaken, %d lost; in doubt %d times, %.0f s at most, %.2f %% of the time\n",
			source, l.frames[source], l.sessions[source], a.Shown, a.Told, a.Doubted, a.Passed, len(a.Lost), a.Doubts, a.Longest.Seconds(), 100*a.Share)
	}
	for _, e := range l.edges {
		fmt.Fprintf(w, "  %s, confidence %.3f, %d moves, directed %v, step %.1f s\n", e, e.confidence, e.n, e.directed, e.resolution.Seconds())
	}
	l.starts(w)
	if l.again != nil {
		fmt.Fprintf(w, "  %s:\n", l.again.name)
		l.again.starts(w)
	}
}

// starts writes how long a life took to its first price and its first forecast, by book.
func (l *life) starts(w io.Writer) {
	for _, b := range books {
		fmt.Fprintf(w, "  %-10s first price after %s", b.name, ago(l.first, b.name))
		if b.share > 0 {
			fmt.Fprintf(w, ", first forecast of a move after %s", ago(l.forecast, b.name))
		}
		fmt.Fprintln(w)
	}
}

func ago(of map[string]time.Duration, name string) string {
	if d, ok := of[name]; ok {
		return d.Round(10 * time.Millisecond).String()
	}
	return "–"
}
