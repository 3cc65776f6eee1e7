package chance

import (
	"cmp"
	"strings"

	"corrgraph/internal/state"
)

// State saves the model, or restores it into a new one.
func (m *Model) State(c *state.Coder) {
	m.all.state(c)
	c.Values(&m.total, &m.beyond)
	state.Map(c, m.leagues, strings.Compare, func(name *string, l **league) {
		c.Values(name)
		if c.Reading() {
			*l = newLeague(nil, rate{})
		}
		(*l).state(c)
	})
	if c.Reading() && len(m.leagues) > leaguesMost {
		c.Fail(state.ErrCorrupt)
	}
}

func (l *league) state(c *state.Coder) {
	l.fit.state(c)
	c.Values(&l.total)
	state.Map(c, l.cells, compareCells, func(k *cell, r *rate) { c.Values(k, r) })
	state.Map(c, l.families, strings.Compare, func(name *string, r *rate) { c.Values(name, r) })
	l.recal.state(c)
	if c.Reading() && c.Err() == nil && len(l.recal.mean) != 2 {
		c.Fail(state.ErrCorrupt)
	}
}

func (f *fit) state(c *state.Coder) {
	f.posterior.state(c)
	c.Values(&f.followers, &f.markets)
	if c.Reading() && c.Err() == nil && !f.fits() {
		c.Fail(state.ErrCorrupt)
	}
}

// fits reports whether every offset has a weight of its own.
func (f *fit) fits() bool {
	taken := make([]bool, len(f.mean))
	for _, names := range []map[string]int{f.followers, f.markets} {
		for _, i := range names {
			if i < common || i >= len(taken) || taken[i] {
				return false
			}
			taken[i] = true
		}
	}
	return len(f.mean) == common+len(f.followers)+len(f.markets) && len(f.followers) <= followersMost && len(f.markets) <= marketsMost
}

func (p *posterior) state(c *state.Coder) {
	c.Values(&p.mean, &p.prior, &p.of)
	state.Slice(c, &p.cov, func(row *[]float64) { c.Values(row) })
	if c.Reading() && c.Err() == nil && !p.fits() {
		c.Fail(state.ErrCorrupt)
	}
}

// fits reports whether the lengths agree.
func (p *posterior) fits() bool {
	n := len(p.mean)
	if len(p.prior) != n || len(p.of) != n || len(p.cov) != n {
		return false
	}
	for i, row := range p.cov {
		if len(row) != i+1 {
			return false
		}
	}
	return true
}

func compareCells(a, b cell) int {
	live := cmp.Compare(indicator(a.Live), indicator(b.Live))
	return cmp.Or(strings.Compare(a.Follower, b.Follower), strings.Compare(a.Market, b.Market), live)
}
