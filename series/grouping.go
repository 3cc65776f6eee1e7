package series

import "corrgraph/internal/state"

// Grouping maps the venues of one league to groups of venues that move as one. In the zero
// value, as in nil, every venue is its own group.
type Grouping struct {
	id   map[int]int
	flat []int // group by venue, for the venues known at construction
}

// Of returns the group of a venue, given the venue's index.
func (g *Grouping) Of(v int) int {
	switch {
	case g == nil:
		return v
	case v < len(g.flat):
		return g.flat[v]
	}
	if k, ok := g.id[v]; ok {
		return k
	}
	return v
}

// Join merges the groups of two venues.
func (g *Grouping) Join(a, b int) {
	x, y := g.Of(a), g.Of(b)
	if g.id == nil {
		g.id = map[int]int{}
	}
	lo, hi := min(x, y), max(x, y)
	for _, v := range []int{a, b} {
		g.id[v] = g.Of(v)
	}
	for v, k := range g.id {
		if k == hi {
			g.id[v] = lo
		}
	}
}

// Flatten precomputes the groups, so that look-ups are cheap.
func (g *Grouping) Flatten() {
	most := -1
	for v := range g.id {
		most = max(most, v)
	}
	flat := make([]int, most+1)
	for v := range flat {
		flat[v] = g.Of(v)
	}
	g.flat = flat
}

// Members lists the venues that share a group, by group.
func (g *Grouping) Members() map[int][]int {
	out := map[int][]int{}
	for v, k := range g.id {
		out[k] = append(out[k], v)
	}
	return out
}

// State saves or restores g.
func (g *Grouping) State(c *state.Coder) { c.Values(&g.id, &g.flat) }
