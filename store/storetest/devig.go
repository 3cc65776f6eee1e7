package storetest

import (
	"bytes"
	"errors"
	"testing"

	"corrgraph/odds"
	"corrgraph/store"
	"corrgraph/ticklog"
)

// devigKept: an empty store accepts any method, a nonempty one only its own.
func devigKept(t *testing.T, open Opener) {
	var enc ticklog.Encoder
	for name, fill := range map[string]func(t *testing.T, b Backend){
		"ticks": func(t *testing.T, b Backend) {
			quote := odds.Update{Venue: "v", Market: "m", Quotes: []odds.Quote{{Selection: "home", Price: 2}}}
			must(b.Log().Append(t.Context(), enc.Pack([]*odds.Batch{{Source: "poll", At: 1000, Recv: 1000, Updates: []odds.Update{quote}}})))(t)
		},
		"conclusions": func(t *testing.T, b Backend) { ok(t, b.WriteResults(t.Context(), &store.Results{AsOf: 1000})) },
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := open(t)
			for _, m := range []odds.Method{odds.Power, odds.Multiplicative, odds.Shin} {
				ok(t, b.UseDevig(t.Context(), m))
				must(b.Log().Append(t.Context(), enc.PackLive(nil, ticklog.Head{Clock: 900})))(t) // a clock is nothing that was priced
			}
			fill(t, b)
			ok(t, b.UseDevig(t.Context(), odds.Shin))
			if err := b.UseDevig(t.Context(), odds.Multiplicative); !errors.Is(err, store.ErrDevig) {
				t.Errorf("another method: %v", err)
			}
			ok(t, b.UseDevig(t.Context(), odds.Shin))
		})
	}
	b, _ := open(t) // no recorded method means the default, and dumps do not mention it
	ok(t, b.WriteResults(t.Context(), &store.Results{AsOf: 1000}))
	before := dumpOf(t, b)
	ok(t, b.UseDevig(t.Context(), odds.Multiplicative))
	if err := b.UseDevig(t.Context(), odds.Additive); !errors.Is(err, store.ErrDevig) {
		t.Errorf("a store without a note: %v", err)
	}
	equal(t, "dump", dumpOf(t, b), before)
}

func dumpOf(t *testing.T, b Backend) string {
	t.Helper()
	var text bytes.Buffer
	ok(t, b.CanonicalDump(t.Context(), &text))
	return text.String()
}
