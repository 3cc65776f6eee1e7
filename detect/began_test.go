package detect

import "testing"

func TestWhereAMoveBegan(t *testing.T) {
	for want, b := range map[string]Began{
		"the move likely began at a (P .62); earliest stamp b":                                                          {Venue: "a", P: 0.62, Told: true, Earliest: []string{"b"}},
		"the move likely began at a (P .99); earliest stamp a":                                                          {Venue: "a", P: 0.999, Told: true, Earliest: []string{"a"}},
		"where the move began is not told, most probably at a (P .31); equal earliest stamps a, b, told apart to 300 s": {Venue: "a", P: 0.31, Earliest: []string{"a", "b"}, ResolutionMs: 300_000},
	} {
		if got := b.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		c := b.Clone()
		c.Earliest[0] = "other"
		if b.String() != want {
			t.Error("a copy shares memory")
		}
	}
	a := Anomaly{Kind: HiddenEdge, Evidence: Evidence{Usual: 0.1, Origin: &Began{Venue: "a", P: 0.62, Told: true, Earliest: []string{"b"}}}}
	if got, want := a.Explain(), ": the leader has moved, +0.1 log-odds are due, +0 have come; the move likely began at a (P .62); earliest stamp b"; got != want {
		t.Errorf("%q", got)
	}
}
