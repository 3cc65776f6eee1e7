package leadlag

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"corrgraph/odds"
	"corrgraph/series"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestLeaderOfAnInverseLink: the leader moves first, whichever direction the follower then
// takes.
func TestLeaderOfAnInverseLink(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	var s Scratch
	for _, r := range []odds.Millis{20, 60_000} {
		for _, sign := range []float64{1, -1} {
			x := NewAxis(r)
			a := randomMoves(rng, 600, int(x.Resolution)*20)
			for i := range a { // at poll times
				a[i].At -= a[i].At % odds.Time(x.Resolution)
			}
			b := lagged(rng, a, 2*x.Resolution, sign)
			got := gather(NewEvidence(x, false), a, b, 1, &s).Search()
			if got.Flow != AB || got.Zero || got.Z*sign < 5 || got.D < 5 {
				t.Errorf("resolution %v, sign %v: %+v", r, sign, got)
			}
			if got = gather(NewEvidence(x, false), b, a, 1, &s).Search(); got.Flow != BA || got.D > -5 {
				t.Errorf("resolution %v, sign %v, roles exchanged: %+v", r, sign, got)
			}
		}
	}
}

func TestSearchOfNothing(t *testing.T) {
	e := NewEvidence(NewAxis(20), true)
	if r := e.Search(); r.Found() || r.S != 0 || r.D != 0 || r.Inflation != 1 {
		t.Errorf("%+v", r)
	}
	v := Judge([]Case{{Evidence: e}})
	if v[0].Discovered || v[0].P != 1 || v[0].Q != 1 || v[0].Confidence != 0 {
		t.Errorf("%+v", v[0])
	}
	if len(Judge(nil)) != 0 {
		t.Error("a verdict on no case")
	}
}

func TestSearchP(t *testing.T) {
	for _, c := range []struct {
		z     float64
		looks int
		want  float64
	}{{1.959963984540054, 1, 0.05}, {-1.959963984540054, 1, 0.05}, {3, 10, 0.026997960632602}, {1, 340, 1}, {9, 0, 1}} {
		if p := SearchP(c.z, c.looks); math.Abs(p-c.want) > 1e-12 {
			t.Errorf("z %v in %d looks: %v, want %v", c.z, c.looks, p, c.want)
		}
	}
}

// kinds are the nulls of the published simulation, increments of every sort.
var kinds = []string{"gauss", "heavy", "volcluster", "bursts", "rounded", "bounce", "momentum", "trend"}

const (
	halfHour = 1_800_000 // ms
	rate     = 0.2       // moves a second
)

func rawMoves(rng *rand.Rand, n int, kind string) []float64 {
	out := make([]float64, n)
	chi := distuv.ChiSquared{K: 2.5, Src: rng}
	tilt := 0.5 * float64(1-2*rng.IntN(2))
	var h float64
	for i := range out {
		e := rng.NormFloat64()
		switch kind {
		case "heavy": // Student's t with 2.5 degrees of freedom
			e *= 0.6 / math.Sqrt(chi.Rand()/2.5)
		case "volcluster":
			h = 0.95*h + 0.35*rng.NormFloat64()
			e *= math.Exp(h)
		case "rounded":
			e = 0.7 * []float64{-2, -1, -1, 1, 1, 2}[rng.IntN(6)]
		case "bounce", "momentum":
			phi := map[string]float64{"bounce": -0.4, "momentum": 0.4}[kind]
			if i > 0 {
				e += phi * out[i-1]
			}
		case "trend":
			e += tilt
		}
		out[i] = e
	}
	return out
}

// activity is a shared intensity in 180 slots, such as the activity of both feeds at a
// goal.
func activity(rng *rand.Rand) []float64 {
	g := distuv.Gamma{Alpha: 0.3, Beta: 1, Src: rng}
	cum := make([]float64, 180)
	var sum float64
	for i := range cum {
		sum += g.Rand() + 0.02
		cum[i] = sum
	}
	return cum
}

// stamps draws the times of about span·rate moves, evenly or by activity.
func stamps(rng *rand.Rand, span int64, activity []float64) []int64 {
	n := int(distuv.Poisson{Lambda: float64(span) * rate / 1000, Src: rng}.Rand())
	out := make([]int64, n)
	for i := range out {
		at := rng.Float64()
		if activity != nil {
			slot, _ := slices.BinarySearch(activity, at*activity[len(activity)-1])
			at = (float64(slot) + rng.Float64()) / float64(len(activity))
		}
		out[i] = int64(at * float64(span))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func whiten(at []int64, raw []float64) moves {
	var w series.Whitener
	out := make(moves, len(at))
	for i := range at {
		out[i] = series.Increment{At: odds.Time(1_700_000_000_000 + at[i]), White: w.Next(raw[i]), Raw: raw[i]}
	}
	return out
}

func nullPair(rng *rand.Rand, kind string, shared bool) (a, b moves) {
	var act []float64
	if kind == "bursts" || shared {
		act = activity(rng)
	}
	ta, tb := stamps(rng, halfHour, act), stamps(rng, halfHour, act)
	return whiten(ta, rawMoves(rng, len(ta), kind)), whiten(tb, rawMoves(rng, len(tb), kind))
}

// follow is a delayed, jittered copy of 80 % of a's moves among own ones; r2 is
// the share of variance that is copied.
func follow(rng *rand.Rand, ta []int64, da []float64, span int64, lag, r2, beta float64) moves {
	var tb []int64
	var db []float64
	var copied float64
	for i := range ta {
		if rng.Float64() < 0.8 {
			tb = append(tb, ta[i]+max(1, int64(math.Round(lag*(1+0.15*rng.NormFloat64())))))
			db = append(db, beta*da[i])
			copied += beta * beta * da[i] * da[i]
		}
	}
	own := stamps(rng, span, nil)
	noise := rawMoves(rng, len(own), "heavy")
	var ss float64
	for _, x := range noise {
		ss += x * x
	}
	for i := range noise {
		tb = append(tb, own[i])
		db = append(db, noise[i]*math.Sqrt(copied*(1-r2)/r2/ss))
	}
	order := make([]int, len(tb))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return int(tb[i] - tb[j]) })
	at, raw := make([]int64, len(tb)), make([]float64, len(tb))
	for k, i := range order {
		at[k], raw[k] = tb[i], db[i]
	}
	return whiten(at, raw)
}

// truePair plants a link of which A is the leader, n moves long.
func truePair(rng *rand.Rand, n int, lag, r2, beta float64) (a, b moves) {
	span := int64(float64(n) / rate * 1000)
	ta := stamps(rng, span, nil)
	da := rawMoves(rng, len(ta), "heavy")
	return whiten(ta, da), follow(rng, ta, da, span, lag, r2, beta)
}

// commonPair are two followers of one unseen driver, at the same delay: a true
// correlation without a leader.
func commonPair(rng *rand.Rand, n int) (a, b moves) {
	span := int64(float64(n) / rate * 1000)
	t := stamps(rng, span, nil)
	d := rawMoves(rng, len(t), "heavy")
	return follow(rng, t, d, span, 1000, 0.9, 1), follow(rng, t, d, span, 1000, 0.9, 1)
}

// A link's curve peaks at the lag, right of the middle for the leader and left of it if the
// roles are swapped.
func TestCurveHasTheLinkWhereItIs(t *testing.T) {
	x := NewAxis(1000)
	e := NewEvidence(x, false)
	var s Scratch
	var a []series.Increment
	for i := range 200 {
		at := odds.Time(1_000_000 + 60_000*i)
		sign := float64(1 - 2*(i*i/7%2))
		a = append(a, series.Increment{At: at, White: sign, Raw: sign})
		e.Add(AB, series.Increment{At: at + 3000, White: sign, Raw: sign}, a, false, nil, nil, &s)
		e.Add(BA, a[len(a)-1], nil, true, nil, nil, &s)
	}
	ab, ba := e.Curve(AB), e.Curve(BA)
	n := x.Bins()
	for k, z := range ab {
		if want := k == n+3; (z > 10) != want {
			t.Errorf("bin %d of %d has z %.2f", k-n, n, z)
		}
		if z != ba[2*n-k] {
			t.Errorf("bin %d is %.2f, read the other way %.2f", k-n, z, ba[2*n-k])
		}
	}
}
