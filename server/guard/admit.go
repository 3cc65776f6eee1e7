package guard

// Admission is memory claimed for the body of one request in flight. It belongs to
// the goroutine that serves the request. The zero Admission claims nothing.
type Admission struct {
	owner  *Memory
	claims int64
}

// Admit claims memory for a body of so many bytes, Expansion times as much, since
// what is parsed from a body is larger than it. It says no at level ShedIngest,
// beyond the budget of all bodies in flight, or where the claims and the last sample
// together reach the ceiling. What a body already holds is in both; the error is on
// the safe side. For a body of unknown length claim what its first buffer takes, and
// grow. Cost: three atomic operations, no allocation.
func (m *Memory) Admit(bytes int64) (Admission, bool) {
	a := Admission{owner: m}
	return a, a.Grow(bytes)
}

// Grow claims memory for further bytes of the same body. Where it says no, the
// Admission keeps what it has.
func (a *Admission) Grow(bytes int64) bool {
	m := a.owner
	// What could never fit is not even claimed for a moment, where it would keep others out.
	if bytes < 0 || bytes > m.budget/int64(m.o.Expansion) || m.Level() >= ShedIngest {
		m.shed.Add(1)
		return false
	}
	more := bytes * int64(m.o.Expansion)
	// Claimed first, judged after: of two that come at once neither overlooks the other.
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
