package origin

import (
	"cmp"
	"math"
	"slices"

	"corrgraph/odds"
)

// Arrival is the first move of a venue in a wave.
type Arrival struct {
	Venue      string
	At         odds.Time   // event time; of a poll, when it was seen
	Own        odds.Time   // the venue's own stamp of the price; 0 unknown
	Resolution odds.Millis // how much earlier it may have moved; 0: to the 20 ms of a stream
	Size       float64     // log-odds
	// Rate is how many moves at least as large as a wave needs the venue makes that way, a
	// millisecond; 0 unknown.
	Rate float64
}

// Link is what is known of one venue following another: a directed family of layer 1.
type Link struct {
	Leader, Follower string
	Low, High        odds.Millis // 80 % of arrivals come in between
	Confidence       float64     // of its direction
	// Same, Next and Later are the shares of polls in which the follower follows, all 0 between
	// streams.
	Same, Next, Later float64
}

// Known is what is known of the venues of one league and market. Its zero value is nothing.
type Known struct {
	Links  map[[2]string]Link // by leader and follower
	Scores map[string]float64 // of leadership; a venue without one has 0
	Groups [][]string         // venues that move as one
}

// Share is how probable it is that a wave came from a venue, or from one of the venues that
// move as one with it.
type Share struct {
	Venue string   // of a group the one seen first
	Group []string // all that arrived of its group, if it is not alone
	P     float64
}

// Posterior is where a wave comes from. Shares and Unseen add up to 1.
type Posterior struct {
	Shares []Share // most probable first, then by name
	// Unseen is the probability that it comes from none of the venues seen.
	Unseen float64
	// Earliest are the venues with the earliest stamp, by name.
	Earliest []string
	// Told is whether one venue, or group, is more probable than all others together.
	Told bool
}

const (
	// finest is how far apart stamps of streams must be to say anything, in milliseconds.
	finest = 20
	// follows is the probability that a certain follower follows a move.
	follows = 0.9
	// strangers is the probability that a venue follows without a known link.
	strangers = 0.4
	// often is how many moves of a venue fall by chance within the time of a wave, where its rate
	// is not known.
	often = 0.9
	// spread is how long a follower takes of whom nothing is known, on average, in milliseconds.
	spread = 45_000
	// heed is how much of what each further arrival says is new: they depend on one another.
	heed = 0.5
	// rankWeight turns a difference of leadership scores into log-odds: a score of s is s more
	// of common moves before than after, (1+s)/(1−s) to one, nearly exp(2s).
	rankWeight = 2
	// hidden is the weight of an origin that was not seen, relative to an average venue, where
	// one venue moved; common where several did, for they may follow the same unseen one.
	hidden = 0.05
	common = 0.2
)

// Of returns where a wave comes from: prior odds by leadership scores, times the likelihood of
// all other arrivals if each venue in turn was first, by the links from and to it. What
// arrives of a pair without a link says only that the first is more often first; within the
// resolution of both it says nothing, so that equals share evenly. It is the zero value if
// nothing arrived. Cost: O(n²) for n arrivals.
//
// Arrivals are taken as independent given the origin, as in source detection on trees (Pinto,
// Thiran and Vetterli, arXiv:1208.2534); since they are not, their likelihood is tempered.
func Of(arrivals []Arrival, k *Known) Posterior {
	if len(arrivals) == 0 {
		return Posterior{}
	}
	groups := k.group(arrivals)
	logs := make([]float64, len(groups)+1)
	for i := range groups {
		logs[i] = rankWeight * k.score(groups[i])
		for j := range groups {
			if i != j {
				logs[i] += heed * math.Log(k.ratio(groups[i], groups[j]))
			}
		}
	}
	logs[len(groups)] = math.Log(hidden)
	if len(groups) > 1 {
		logs[len(groups)] = math.Log(common)
	}
	p := normalised(logs)
	out := Posterior{Unseen: p[len(groups)], Earliest: earliest(arrivals)}
	for i, g := range groups {
		s := Share{Venue: g[0].Venue, P: p[i]}
		if len(g) > 1 {
			for _, a := range g {
				s.Group = append(s.Group, a.Venue)
			}
		}
		out.Shares = append(out.Shares, s)
	}
	slices.SortFunc(out.Shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.P, a.P), cmp.Compare(a.Venue, b.Venue))
	})
	out.Told = out.Shares[0].P > 0.5
	return out
}

// group joins the arrivals of venues that move as one, each group in order of time.
func (k *Known) group(arrivals []Arrival) (out [][]Arrival) {
	sorted := slices.Clone(arrivals)
	slices.SortFunc(sorted, func(a, b Arrival) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Venue, b.Venue)) })
	of := map[int]int{}
	for _, a := range sorted {
		g := slices.IndexFunc(k.Groups, func(v []string) bool { return slices.Contains(v, a.Venue) })
		if i, ok := of[g]; ok && g >= 0 {
			out[i] = append(out[i], a)
			continue
		}
		of[g] = len(out)
		out = append(out, []Arrival{a})
	}
	return out
}

// score is the mean leadership score of a group.
func (k *Known) score(group []Arrival) (sum float64) {
	for _, a := range group {
		sum += k.Scores[a.Venue]
	}
	return sum / float64(len(group))
}

// ratio is how much more probable it is that follower arrives when it did if the wave comes
// from first, than if both have nothing to do with each other.
func (k *Known) ratio(first, follower []Arrival) float64 {
	there, back := k.link(first, follower), k.link(follower, first)
	a, b := first[0], follower[0]
	d := float64(b.seen() - a.seen())
	if a.Own == 0 || b.Own == 0 {
		d = float64(b.At - a.At)
	}
	r := float64(max(a.Resolution, b.Resolution, finest))
	chance := float64(often)
	if b.Rate > 0 {
		chance = b.Rate * 2 * wide(r)
	}
	// Of what arrives, the share that does so for a reason and not by chance.
	due := func(p float64) float64 { return p / (p + chance) }
	c, against := due(follows*there.Confidence), due(follows*back.Confidence)
	if both := due(follows); c+against > both { // both ways can't be: share it
		c, against = c*both/(c+against), against*both/(c+against)
	}
	out := (1 - c - against) * stranger(d, r, due(strangers))
	if c > 0 {
		out += c * there.density(d, float64(max(a.Resolution, finest))) * 2 * wide(r)
	}
	return out
}

// link is the surest link from a venue of one group to one of another.
func (k *Known) link(from, to []Arrival) (best Link) {
	for i := range from {
		for j := range to {
			if l := k.Links[[2]string{from[i].Venue, to[j].Venue}]; l.Confidence > best.Confidence {
				best = l
			}
		}
	}
	return best
}

// seen is the venue's own stamp, or else that of the feed.
func (a *Arrival) seen() odds.Time { return cmp.Or(a.Own, a.At) }

// stranger is the ratio of a pair without a known link, d after the first, at resolution r,
// if that share of what arrives follows.
func stranger(d, r, share float64) float64 {
	after := func(x float64) float64 { return -math.Expm1(-max(0, x) / max(spread, r)) }
	density := (after(d+r) - after(d-r)) / (2 * r)
	return 1 - share + share*density*2*wide(r)
}

// wide is how far from the first what has nothing to do with it may come, at resolution r.
func wide(r float64) float64 { return float64(horizon(odds.Millis(r))) }

// density is that of an arrival d after the leader, a millisecond, if the leader may have moved
// up to r earlier than it was seen to. The follower's own resolution is part of what is known.
func (l *Link) density(d, r float64) float64 {
	if polls := math.Round(d / r); l.Same+l.Next+l.Later > 0 {
		switch {
		case polls < 0:
			return 0
		case polls == 0:
			return l.Same / r
		case polls == 1:
			return l.Next / r
		default: // the later ones come within four polls of the leader
			return l.Later / (3 * r)
		}
	}
	return (l.arrived(d+r) - l.arrived(d)) / r
}

// arrived is the share of arrivals by x after the leader.
func (l *Link) arrived(x float64) float64 {
	low, high := float64(l.Low), float64(l.High)
	switch {
	case x <= 0:
		return 0
	case x < low:
		return 0.1 * x / low
	case x < high:
		return 0.1 + 0.8*(x-low)/(high-low)
	default:
		return 1 - 0.1*math.Exp(-(x-high)/max(high-low, finest))
	}
}

// normalised are probabilities of their logarithms.
func normalised(logs []float64) []float64 {
	top := slices.Max(logs)
	out, sum := make([]float64, len(logs)), 0.0
	for i, x := range logs {
		out[i] = math.Exp(x - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// earliest lists the venues with the earliest stamp, by name.
func earliest(arrivals []Arrival) (out []string) {
	first := slices.MinFunc(arrivals, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) }).At
	for _, a := range arrivals {
		if a.At == first {
			out = append(out, a.Venue)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
