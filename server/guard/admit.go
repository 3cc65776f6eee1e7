package guard

// Admission is memory claimed for the body of one request. It belongs to the
// goroutine that serves the request. The zero Admission claims nothing.
type Admission struct {
	owner  *Memory
	claims int64
}

// Admit claims memory for a body: its bytes times Expansion, since a parsed body is
// larger than its text. It refuses at level ShedIngest, beyond the budget of all
// bodies in flight, and where claims plus the last sample reach the ceiling. Memory
// that a body already holds is in both, so the error is on the safe side. For a
// body of unknown length claim its first buffer, and grow. Cost: three atomic
// operations, no allocation.
func (m *Memory) Admit(bytes int64) (Admission, bool) {
	a := Admission{owner: m}
	return a, a.Grow(bytes)
}

// Grow claims memory for further bytes of the same body. If refused, the Admission
// keeps what it has.
func (a *Admission) Grow(bytes int64) bool {
	m := a.owner
	// A body that can never fit is not claimed even briefly, where it would keep
	// others out.
	if bytes < 0 || bytes > m.budget/int64(m.o.Expansion) || m.Level() >= ShedIngest {
		m.shed.Add(1)
		return false
	}
	more := bytes * int64(m.o.Expansion)
	// Claim first, then judge: of two concurrent claims neither misses the other.
	if all := m.claimed.Add(more); all > m.budget || all+m.used.Load() > m.o.Ceiling {
		m.claimed.Add(-more)
		m.shed.Add(1)
		return false
	}
	a.claims += more
	return true
}

// Release gives the claim back. Repeated calls do nothing.
func (a *Admission) Release() {
	if a.claims != 0 {
		a.owner.claimed.Add(-a.claims)
		a.claims = 0
	}
}
