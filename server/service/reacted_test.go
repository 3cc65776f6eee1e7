package service

import (
	"testing"

	"corrgraph/ledger/reaction"
	"corrgraph/odds"
	"corrgraph/store"
)

// TestReactionsAreJudgedOncePerJudgement: the same comparison is returned until there is another
// judgement.
func TestReactionsAreJudgedOncePerJudgement(t *testing.T) {
	marks := []reaction.EventMark{{
		Event: "e", Sport: "soccer", League: "epl", Kind: odds.ScoreMark, Was: "0-0", Value: "1-0",
		Books: []reaction.Reaction{{Venue: "a", Market: "h2h", Seen: reaction.Seen{How: reaction.Moved, Low: 1, High: 1}}},
	}}
	var r reacted
	one, two := &store.Judgement{}, &store.Judgement{DecidedAt: 5}
	first, _ := r.judge(one)("soccer/epl", marks)
	if again, _ := r.judge(one)("soccer/epl", marks); len(first) != 1 || &again[0] != &first[0] {
		t.Errorf("%+v was judged again: %+v", first, again)
	}
	if other, _ := r.judge(one)("soccer/mls", nil); len(other) != 0 {
		t.Errorf("of another league: %+v", other)
	}
	if later, _ := r.judge(two)("soccer/epl", marks); len(later) != 1 || &later[0] == &first[0] {
		t.Errorf("a later judgement has %+v", later)
	}
}
