package chance

// strength is the weight of a prior rate, in outcomes.
const strength = 20

// rate counts outcomes. Both numbers shrink once there are many, so that it follows a
// change: it remembers about as many as it may hold.
type rate struct {
	Hits, N float64
}

func (r *rate) add(hit bool, most float64) {
	if r.N >= most {
		r.Hits, r.N = r.Hits*(1-1/most), r.N*(1-1/most)
	}
	r.Hits += indicator(hit)
	r.N++
}

// towards is the rate shrunk to a prior one.
func (r rate) towards(prior, weight float64) float64 { return (r.Hits + weight*prior) / (r.N + weight) }

// excess is by how much the shrunk rate exceeds the prior one, in log-odds.
func (r rate) excess(prior float64) float64 { return logit(r.towards(prior, strength)) - logit(prior) }
