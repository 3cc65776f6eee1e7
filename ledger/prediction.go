package ledger

import (
	"cmp"
	"slices"

	"corrgraph/ledger/money"
	"corrgraph/odds"
)

// Outcome is how a prediction was settled.
type Outcome string

// The outcomes. Hits, late, wrong and missed predictions are matured; already-moved and
// void ones are counted separately.
const (
	Pending      Outcome = "pending"
	Hit          Outcome = "hit"           // same sign, at least half the size, inside the interval
	Late         Outcome = "late"          // the same within one interval's length after the interval
	WrongSign    Outcome = "wrong_sign"    // at least half the size, in the opposite direction
	Missed       Outcome = "miss"          // no move of that size
	AlreadyMoved Outcome = "already_moved" // the follower moved with its leaders, leaving nothing to predict
	Void         Outcome = "void"          // no quote of the follower in the interval
)

// Truth is the answer to a question.
type Truth uint8

// The answers. Unknown is not answered yet, or never, like Half of a void call.
const (
	Unknown Truth = iota
	No
	Yes
)

// TruthOf returns Unknown unless known.
func TruthOf(known, yes bool) Truth {
	switch {
	case !known:
		return Unknown
	case yes:
		return Yes
	}
	return No
}

// Prediction is a call: the forecast that a follower will move, however many leaders say so.
// It is issued when leaders of discovered families have moved by at least 2 r.m.s., using
// only data known at that time. One call of a follower is open at one time.
type Prediction struct {
	ID             string // deterministic: layer, follower, time of issue
	Family         string // graph.FamilyKey of the family that speaks: of those that agree, the one of the highest confidence; without a leader if nobody is certain to lead
	Layer          odds.Layer
	Event          string
	Source, Target odds.NodeID // the speaking family's leader; the follower
	Line           float64     // of the follower's bet at the time of issue, if Lined
	Lined          bool
	IssuedAt       odds.Time // event time of the leaders' moves
	KnownAt        odds.Time // when a subscriber could know: the newest receive time of that instant, at least IssuedAt; 0 in rows of earlier versions
	From, To       odds.Time // arrival interval: the union of those of the leaders that agree; of the certain ones, if there are any
	Move           float64   // the speaking leader's move, log-odds
	Size           float64   // median of β·move of the leaders that agree, signed; of the certain ones, if there are any
	Least          float64   // half the median of the moves of the leaders that agree, signed like Size
	P              float64   // stated probability of a hit when it was issued
	PHalf          float64   // the same of Half; 0 in rows of earlier versions
	Confidence     float64   // of the speaking family at the time of issue
	Groups         int       // independent groups of venues among the leaders that agree
	Leaders        []Leader  // in order of time; at most MostLeaders
	Revisions      []Revision
	PLeague        float64 // running hit rate of the league and layer at the time of issue
	PFamily        float64 // the speaking family's, shrunken to it
	Outcome        Outcome
	Half           Truth // it moved by at least Least inside the interval
	ResolvedAt     odds.Time
	Actual         float64     // the follower's move in the interval
	LeadTime       odds.Millis // follower's move − KnownAt; 0 unless hit
	Base           float64     // base rate: hit rate of the same rule at times of equal activity
	BaseN          int
	Baselines      map[string]bool // by baseline: whether it would have been right
	Money          *money.Bet      // the bet on it and what that was worth; never changed, but replaced. Nil in rows of earlier versions
}

// Leader is a move that a call rests on, or that revised it.
type Leader struct {
	Node   odds.NodeID `json:"node"`
	Family string      `json:"family"` // graph.FamilyKey; empty: the two move together, and neither is certain to be first
	Move   float64     `json:"move"`   // log-odds
	Agree  bool        `json:"agree"`  // it says that the follower will move the way that was called
	At     odds.Time   `json:"at"`
	// Origin is how probable it was, when the call was last revised, that the wave it moved
	// with began at its venue, or at one that moves as one with it; 0: not judged. Layer 1 only.
	Origin float64 `json:"origin,omitempty"`
}

// Revision is what a call stated from a time on. The first one is that of the issue.
type Revision struct {
	At    odds.Time `json:"at"`
	P     float64   `json:"p"`
	PHalf float64   `json:"p_half"`
}

// Limits of one call. Leaders beyond them still revise its chances.
const (
	MostLeaders   = 64
	MostRevisions = 16 // the first and the newest always among them
)

// Lead adds moves that came while the call was open.
func (p *Prediction) Lead(more ...Leader) {
	p.Leaders = append(p.Leaders, more[:min(len(more), max(0, MostLeaders-len(p.Leaders)))]...)
}

// Revise records what the call states now.
func (p *Prediction) Revise(r Revision) {
	if len(p.Revisions) == MostRevisions {
		p.Revisions = p.Revisions[:MostRevisions-1]
	}
	p.Revisions = append(p.Revisions, r)
}

// Newest is what the call stated last.
func (p *Prediction) Newest() Revision {
	if n := len(p.Revisions); n > 0 {
		return p.Revisions[n-1]
	}
	return Revision{p.IssuedAt, p.P, p.PHalf}
}

// Led reports whether a family with a certain leader led to the call. The others rest on
// venues that move together with the follower.
func (p *Prediction) Led() bool {
	return len(p.Leaders) == 0 || slices.ContainsFunc(p.Leaders, func(l Leader) bool {
		return l.Agree && l.At == p.IssuedAt && l.Family != ""
	})
}

// Families lists the families that led to the call, each once: those of the leaders that
// agreed when it was issued.
func (p *Prediction) Families() []string {
	var out []string
	for i := range p.Leaders {
		if l := &p.Leaders[i]; l.Agree && l.At == p.IssuedAt && l.Family != "" && !slices.Contains(out, l.Family) {
			out = append(out, l.Family)
		}
	}
	if out == nil {
		out = []string{p.Family} // nobody is certain to lead, or a row of an earlier version
	}
	return out
}

// Agreement counts the nodes that say that the follower will move the way that was called,
// and those that said the opposite last.
func (p *Prediction) Agreement() (agree, against int) {
	for i := range p.Leaders {
		l := &p.Leaders[i]
		if slices.ContainsFunc(p.Leaders[i+1:], func(o Leader) bool { return o.Node == l.Node }) {
			continue // it has moved again
		}
		if l.Agree {
			agree++
		} else {
			against++
		}
	}
	return agree, against
}

// Clone returns a copy that shares no memory with p which a later revision may write.
func (p *Prediction) Clone() Prediction {
	c := *p
	c.Leaders, c.Revisions = slices.Clone(p.Leaders), slices.Clone(p.Revisions)
	if p.Money != nil {
		c.Money = p.Money.Clone()
	}
	return c
}

// Order compares two predictions by time of issue, then by what they are about.
func Order(a, b *Prediction) int {
	return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.Family, b.Family), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target), cmp.Compare(a.ID, b.ID))
}
