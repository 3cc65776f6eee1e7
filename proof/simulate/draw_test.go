package simulate

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"corrgraph/odds"
)

func TestKindsKeepTheirPromise(t *testing.T) {
	const n = 40_000
	for _, kind := range Kinds() {
		r := rand.New(rand.NewPCG(1, 2))
		x := increments(r, n, kind)
		var mean, square, fourth, product, size float64
		for i, v := range x {
			mean += v / n
			square += v * v / n
			fourth += v * v * v * v / n
			if i > 0 {
				product += v * x[i-1] / n
				size += math.Abs(v) * math.Abs(x[i-1]) / n
			}
		}
		rho, kurtosis := product/square, fourth/square/square
		check := func(what string, got, lo, hi float64) {
			if !(got >= lo && got <= hi) {
				t.Errorf("%s: %s is %.3f, want %g to %g", kind, what, got, lo, hi)
			}
		}
		wantRho, wantMean := [2]float64{-0.03, 0.03}, [2]float64{-0.05, 0.05}
		wantTails := [2]float64{2.85, 3.15}
		switch kind {
		case "bounce":
			wantRho = [2]float64{-0.43, -0.37}
		case "momentum":
			wantRho = [2]float64{0.37, 0.43}
		case "trend":
			wantRho, wantMean, wantTails = [2]float64{0.17, 0.23}, [2]float64{0.45, 0.55}, [2]float64{2.7, 3.1} // ρ = 0.25/1.25
			check("size of the drift", math.Abs(mean), wantMean[0], wantMean[1])
			mean = 0.5
		case "heavy", "volcluster":
			wantTails = [2]float64{8, math.Inf(1)}
			wantRho, wantMean = [2]float64{-0.1, 0.1}, [2]float64{-0.2, 0.2}
		case "rounded":
			wantTails = [2]float64{1, 2.5}
			for _, v := range x {
				if k := math.Abs(v) / 0.7; math.Abs(k-1) > 1e-9 && math.Abs(k-2) > 1e-9 {
					t.Fatalf("rounded: a step of %g", v)
				}
			}
		}
		check("mean", mean, wantMean[0], wantMean[1])
		check("autocorrelation", rho, wantRho[0], wantRho[1])
		check("kurtosis", kurtosis, wantTails[0], wantTails[1])
		if kind == "volcluster" {
			flat := 0.0
			for _, v := range x {
				flat += math.Abs(v) / n
			}
			check("clustering of sizes", size/flat/flat, 1.3, 100)
		}
	}
}

func TestBurstsAreUneven(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const span = 3_600_000
	count := func(act intensity) (ratio float64) {
		c := make([]float64, span/burstWindow)
		at := times(r, span, 7200, act)
		for i, v := range at {
			if v < 0 || v >= span || i > 0 && v <= at[i-1] {
				t.Fatalf("instant %d at %d", v, i)
			}
			c[v/burstWindow]++
		}
		mean := float64(len(at)) / float64(len(c))
		for _, x := range c {
			ratio += (x - mean) * (x - mean) / mean / float64(len(c))
		}
		return ratio
	}
	if d := count(nil); d < 0.7 || d > 1.3 {
		t.Errorf("steady counts disperse by %.2f, want about 1", d)
	}
	if d := count(bursts(r, span)); d < 5 {
		t.Errorf("burst counts disperse by %.2f, want well above 1", d)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	digest := func(o Options) string {
		h := fnv.New64a()
		tr, err := Run(o, func(b *odds.Batch) error {
			fmt.Fprint(h, b.Source, b.At, b.Recv, b.Polled)
			for _, u := range b.Updates {
				fmt.Fprint(h, u.Event.ID, u.Venue, u.Market, u.Status, u.InPlay, u.Updated, u.Quotes)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Write(h); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", h.Sum64())
	}
	for _, o := range []Options{{Minutes: 30}, {Preset: "calibration", Null: 16, True: 4, Moves: 100}, {Preset: "pooled", Null: 2, True: 2, FamilySize: 3}} {
		first := digest(o)
		if again := digest(o); again != first {
			t.Errorf("%s: the same seed gave %s and %s", o.Preset, first, again)
		}
		o.Seed = 1
		if other := digest(o); other == first {
			t.Errorf("%s: another seed gave the same bytes", o.Preset)
		}
	}
}

func TestRunRefusesWhatItCannotMake(t *testing.T) {
	never := func(*odds.Batch) error { t.Fatal("emitted"); return nil }
	for _, o := range []Options{{Preset: "toy"}, {Minutes: 5}, {Preset: "pooled", Moves: 3}, {Preset: "calibration", R2: 1}, {Preset: "calibration", R2: -0.1}, {FamilySize: -1}} {
		if _, err := Run(o, never); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	stop := errors.New("stop")
	if _, err := Run(Options{Minutes: 30}, func(*odds.Batch) error { return stop }); err != stop {
		t.Errorf("an error of emit came back as %v", err)
	}
}

func BenchmarkRun(b *testing.B) {
	for _, o := range []Options{{}, {Preset: "calibration", Null: 200, True: 20}, {Preset: "pooled", Null: 10, True: 4}} {
		name := o.Preset
		if name == "" {
			name = "demo"
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			quotes := 0
			for b.Loop() {
				tr, err := Run(o, func(*odds.Batch) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
				quotes += tr.Quotes
			}
			b.ReportMetric(float64(quotes)/b.Elapsed().Seconds(), "quotes/s")
		})
	}
}
