package storetest

import (
	"bytes"
	"testing"

	"corrgraph/store"
)

func linksKept(t *testing.T, open Opener) {
	b, _ := open(t)
	ctx := t.Context()
	dump := func() string {
		var out bytes.Buffer
		ok(t, b.CanonicalDump(ctx, &out))
		return out.String()
	}
	before := dump()
	x, y := store.Link{ID: "x", MadeAt: 7, Actor: "ann", Body: `{"note":"\u2028"}`}, store.Link{ID: "y", MadeAt: 5, Actor: "bea", Body: "{}"}
	ok(t, b.SetLink(ctx, x))
	ok(t, b.SetLink(ctx, y))
	equal(t, "oldest first", must(b.Links(ctx, 9))(t), []store.Link{y, x})
	equal(t, "at most one", must(b.Links(ctx, 1))(t), []store.Link{y})
	y.MadeAt, y.Body = 9, `{"note":"no"}`
	ok(t, b.SetLink(ctx, y))
	equal(t, "replaced", must(b.Links(ctx, 9))(t), []store.Link{x, y})
	ok(t, b.WriteResults(ctx, Sample(1, 50, 2, 5)))
	equal(t, "after results", len(must(b.Links(ctx, 9))(t)), 2)
	for _, want := range []bool{true, false} {
		equal(t, "dropped", must(b.DropLink(ctx, "x"))(t), want)
	}
	ok(t, b.WriteResults(ctx, &store.Results{}))
	if len(must(b.Links(ctx, 9))(t)) != 1 || before == "" {
		t.Error("results took a decision with them")
	}
}
