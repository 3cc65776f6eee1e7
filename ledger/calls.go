package ledger

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/odds"
)

// Calls keeps calls in order of issue, with what adding them up needs of each, so that they can
// be added up again whenever some have changed. It is for one goroutine.
type Calls struct {
	events   numbers
	families numbers
	issued   []*call // in order of issue
	answered []*call // the matured ones, by when they were answered
}

// call is a prediction with what adding it up needs.
type call struct {
	*Prediction
	event        int32
	families     []int32
	led          bool
	matured, hit bool
	made, right  [len(rivals)]bool // by rival: it made this call too, and was right
	last         float64           // stated last
	loss         losses
}

// losses are a matured call's parts of the sums behind a LogLoss.
type losses struct{ first, last, half, base float64 }

// rivals are those with calls of their own.
var rivals = [...]string{RivalHY, RivalCopy}

// Replace drops calls and adds others, in any order. Nobody may change them afterwards. Cost:
// O(all) steps of a few nanoseconds, and about a microsecond for each that is added.
func (c *Calls) Replace(gone map[*Prediction]bool, more []*Prediction) {
	fresh := c.digest(more)
	slices.SortFunc(fresh, byIssue)
	late := slices.DeleteFunc(slices.Clone(fresh), func(x *call) bool { return !x.matured })
	slices.SortStableFunc(late, byAnswer)
	if len(gone) > 0 {
		out := func(x *call) bool { return gone[x.Prediction] }
		c.issued, c.answered = slices.DeleteFunc(c.issued, out), slices.DeleteFunc(c.answered, out)
	}
	c.issued, c.answered = merge(c.issued, fresh, byIssue), merge(c.answered, late, byAnswer)
	if most := 1024 + 2*len(c.issued); max(len(c.events.names), len(c.families.names)) > most {
		c.renumber()
	}
}

// Since is when the oldest call was issued; 0 without any.
func (c *Calls) Since() odds.Time {
	if len(c.issued) == 0 {
		return 0
	}
	return c.issued[0].IssuedAt
}

func byIssue(a, b *call) int {
	return cmp.Or(cmp.Compare(a.IssuedAt, b.IssuedAt), cmp.Compare(a.ID, b.ID))
}

func byAnswer(a, b *call) int { return cmp.Compare(a.ResolvedAt, b.ResolvedAt) }

// merge adds sorted b to sorted a. Cost: O(b), and O(elements of a after the first of b).
func merge[T any](a, b []T, compare func(x, y T) int) []T {
	i, k := len(a)-1, len(b)-1
	a = append(a, b...)
	for at := len(a) - 1; k >= 0; at-- {
		if i >= 0 && compare(a[i], b[k]) > 0 {
			a[at] = a[i]
			i--
		} else {
			a[at] = b[k]
			k--
		}
	}
	return a
}

// renumber forgets the events and families of calls that are gone.
func (c *Calls) renumber() {
	names := c.families.names
	c.events, c.families = numbers{}, numbers{}
	for _, x := range c.issued {
		x.event = c.events.of(x.Event)
		for i, f := range x.families {
			x.families[i] = c.families.of(names[f])
		}
	}
}

// digest finds out what adding calls up needs.
func (c *Calls) digest(ps []*Prediction) []*call {
	out, room := make([]*call, len(ps)), make([]call, len(ps))
	for i, p := range ps {
		x := &room[i]
		*x = call{Prediction: p, event: c.events.of(p.Event), led: p.Led(), matured: p.Outcome.Matured(), hit: p.Outcome == Hit, last: p.Newest().P}
		for _, key := range p.Families() {
			x.families = append(x.families, c.families.of(key))
		}
		for k, name := range rivals {
			x.right[k], x.made[k] = p.Baselines[name]
		}
		if x.matured {
			x.loss = losses{loss(p.P, x.hit), loss(x.last, x.hit), loss(p.PHalf, p.Half == Yes), loss(p.Base, x.hit)}
		}
		out[i] = x
	}
	return out
}

// loss is one part of the sum behind a LogLoss.
func loss(p float64, hit bool) float64 {
	if !hit {
		p = 1 - p
	}
	return -math.Log(max(surest, min(1-surest, p)))
}

// numbers gives names numbers, from 0 in the order of first sight. The zero value has none.
type numbers struct {
	by    map[string]int32
	names []string
}

func (n *numbers) of(name string) int32 {
	k, known := n.by[name]
	if !known {
		if n.by == nil {
			n.by = map[string]int32{}
		}
		k = int32(len(n.names))
		n.by[name], n.names = k, append(n.names, name)
	}
	return k
}
