package catalog

import (
	"cmp"
	"slices"

	"corrgraph/odds"
)

// Caps limit the links watched in layers 3 and 4. Links beyond them are counted.
type Caps struct {
	// SameSport is the most neighbours an event may have through one team or
	// player, in layer 3. Zero means 16.
	SameSport int
	// OtherSport is the most neighbours an event may have through any other entity,
	// in layer 4. Zero means 8.
	OtherSport int
}

func (c Caps) defaults() Caps {
	return Caps{cmp.Or(c.SameSport, 16), cmp.Or(c.OtherSport, 8)}
}

// LeftOut counts pairs a layer could watch but does not, by reason.
type LeftOut struct {
	Layer  odds.Layer
	Reason string
	Pairs  int
}

// Counts is how many pairs each layer watches, and how many it leaves out by reason. The
// zero value is empty.
type Counts struct {
	Watched [odds.CrossSport + 1]int // by layer
	LeftOut []LeftOut                // by layer, then reason
}

func (c *Counts) watch(l odds.Layer, n int) { c.Watched[l] += n }

func (c *Counts) leave(l odds.Layer, reason string, n int) {
	if n == 0 {
		return
	}
	i, ok := slices.BinarySearchFunc(c.LeftOut, LeftOut{l, reason, 0}, func(a, b LeftOut) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Reason, b.Reason))
	})
	if !ok {
		c.LeftOut = slices.Insert(c.LeftOut, i, LeftOut{l, reason, 0})
	}
	c.LeftOut[i].Pairs += n
}

func (c Counts) clone() Counts {
	c.LeftOut = slices.Clone(c.LeftOut)
	return c
}
