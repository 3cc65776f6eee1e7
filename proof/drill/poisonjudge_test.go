package drill

import (
	"strings"
	"testing"
)

// TestPoisonIsKeptOnlyIfNothingIsWrong changes one thing of a good report at a time.
func TestPoisonIsKeptOnlyIfNothingIsWrong(t *testing.T) {
	good := PoisonReport{Runs: 4, Deaths: 7, Most: 2, Held: 4, Degraded: true, Ticks: 16, Healthy: true, Same: true}
	for what, change := range map[string]func(*PoisonReport){
		"":                         func(*PoisonReport) {},
		"not in quarantine":        func(r *PoisonReport) { r.Held-- },
		"too many in quarantine":   func(r *PoisonReport) { r.Held++ },
		"killed too often":         func(r *PoisonReport) { r.Most = deadliest + 1 },
		"health said nothing":      func(r *PoisonReport) { r.Degraded = false },
		"degraded after the retry": func(r *PoisonReport) { r.Healthy = false },
		"a tick was lost":          func(r *PoisonReport) { r.Lost = 1 },
		"nothing was sent":         func(r *PoisonReport) { r.Ticks = 0 },
		"not served":               func(r *PoisonReport) { r.Missing = []string{"harmless-0"} },
		"another result":           func(r *PoisonReport) { r.Same, r.Difference = false, "line 1" },
	} {
		r := good
		change(&r)
		r.judge()
		if r.Kept != (what == "") || strings.HasPrefix(r.Sentence(), "KEPT") != r.Kept {
			t.Errorf("%q: %s", what, r.Sentence())
		}
		var text strings.Builder
		if err := r.Text(&text); err != nil || !strings.HasSuffix(text.String(), r.Sentence()+"\n") {
			t.Errorf("%q: %s, %v", what, text.String(), err)
		}
	}
}

func TestDifference(t *testing.T) {
	for _, c := range [][3]string{
		{"a\nb", "a\nc", `line 2: "b", without quarantine "c"`},
		{"a", "a\nb", "1 lines, without quarantine 2"},
	} {
		if got := difference([]byte(c[0]), []byte(c[1])); got != c[2] {
			t.Errorf("%q and %q: %s", c[0], c[1], got)
		}
	}
}
