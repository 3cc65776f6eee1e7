package ledger

// CalibrationBin compares stated probabilities within [Low, High) with the outcomes. The
// last bin includes 1.
type CalibrationBin struct {
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	N        int     `json:"n"`
	Hits     int     `json:"hits"`
	Claimed  float64 `json:"claimed"` // mean stated probability; 0 if N is 0
	Rate     float64 `json:"rate"`    // Hits / N; 0 if N is 0
	RateLow  float64 `json:"rate_low"`
	RateHigh float64 `json:"rate_high"` // with RateLow the 95 % interval, clustered by event; [0, 1] if N is 0
}

// Calibrate returns the reliability table of prob in equal bins over [0, 1], empty bins
// included. events says which event each outcome is of, see Clustered. It panics on unequal
// lengths, on bins < 1 and on a probability outside [0, 1].
func Calibrate(prob []float64, hit []bool, events []string, bins int) []CalibrationBin {
	mustMatch(prob, hit)
	c := newCalibration(bins)
	var n numbers
	for i, p := range prob {
		c.add(p, hit[i], n.of(events[i]))
	}
	return c.bins(&clusters{})
}

// calibration is a reliability table in the making.
type calibration struct {
	table []CalibrationBin
	in    []outcomes
}

func newCalibration(bins int) *calibration {
	return &calibration{make([]CalibrationBin, bins), make([]outcomes, bins)}
}

func (c *calibration) add(p float64, hit bool, event int32) {
	if !(p >= 0 && p <= 1) {
		panic("ledger: probability outside [0, 1]")
	}
	bins := len(c.table)
	k := min(bins-1, int(p*float64(bins)))
	bin := &c.table[k]
	c.in[k].add(outcome(hit), event)
	bin.N++
	bin.Claimed += p
	if hit {
		bin.Hits++
	}
}

func (c *calibration) bins(room *clusters) []CalibrationBin {
	n := float64(len(c.table))
	for k := range c.table {
		bin := &c.table[k]
		bin.Low, bin.High = float64(k)/n, float64(k+1)/n
		bin.Rate, bin.RateLow, bin.RateHigh = c.in[k].mean(room)
		if bin.N > 0 {
			bin.Claimed /= float64(bin.N)
		}
	}
	return c.table
}

// ReliabilityBin is a bin of stated probabilities that holds any: what was stated on
// average, the share that came true, and its 95 % interval, clustered by event.
type ReliabilityBin struct {
	Stated float64 `json:"stated"`
	Came   float64 `json:"came"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	N      int     `json:"n"`
}

// reliability lists the bins that hold any.
func reliability(bins []CalibrationBin) []ReliabilityBin {
	out := []ReliabilityBin{}
	for _, b := range bins {
		if b.N > 0 {
			out = append(out, ReliabilityBin{Stated: b.Claimed, Came: b.Rate, Low: b.RateLow, High: b.RateHigh, N: b.N})
		}
	}
	return out
}
