package service

import (
	"corrgraph/answer/leaders"
	"corrgraph/ledger/reaction"
	"corrgraph/server/memo"
	"corrgraph/store"
)

// reacted holds comparisons of venues as of one judgement, which takes a second or two where most
// marks and many venues are known: whoever asks, and however often, each league is judged once.
type reacted struct {
	of memo.Answers[*store.Judgement]
}

type comparison struct {
	venues []reaction.ReactionRow
	pairs  []reaction.ReactionPair
}

// judge judges marks of j, of each scope once.
func (r *reacted) judge(j *store.Judgement) leaders.ReactionJudge {
	return func(scope string, marks []reaction.EventMark) ([]reaction.ReactionRow, []reaction.ReactionPair) {
		if x, ok := r.of.Get(j, scope).(comparison); ok {
			return x.venues, x.pairs
		}
		var x comparison
		x.venues, x.pairs = reaction.Judge(marks)
		r.of.Put(j, scope, x)
		return x.venues, x.pairs
	}
}
