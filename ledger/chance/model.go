package chance

// Before the first outcome of all, a call is as probable as one of three.
const (
	firstRate   = 1.0 / 3
	firstWeight = 3
)

// Model is what is known of how often calls come true. It has one owner at a time. New
// makes one.
type Model struct {
	all     fit  // what all leagues together have taught: the prior of new ones
	total   rate // of all leagues
	leagues map[string]*league
	beyond  Beyond

	terms []term // of the call at hand
	along []float64
}

// Beyond counts outcomes by what found no place of its own within the limits of a model: 64
// leagues, and in each 64 followers, 16 markets and 4,096 families.
type Beyond struct {
	Leagues, Followers, Markets, Families int
}

// New returns a model that knows nothing.
func New() *Model {
	return &Model{all: newFit(nil, rate{}), leagues: map[string]*league{}}
}

// Beyond returns what found no place.
func (m *Model) Beyond() Beyond { return m.beyond }

// Predict returns the probability that a call comes true, in [0.001, 0.999]. It changes
// nothing. Cost: O(features²), of which there are 20 at most.
func (m *Model) Predict(f *Features) float64 {
	l := m.leagues[f.League]
	if l == nil {
		l = m.fresh()
	}
	base := m.base(l)
	x := l.values(f, base)
	m.terms = l.fit.terms(f, &x, m.terms)
	return l.recalibrated(l.stated(m.terms, base), base)
}

// Learn takes in the outcome of a call with the features that it was issued on. Each call is
// learnt once, when its outcome has been received. Cost: O(weights²); a league has at most
// 98.
func (m *Model) Learn(f *Features, hit bool) {
	l := m.leagues[f.League]
	if l == nil {
		if len(m.leagues) >= leaguesMost {
			m.beyond.Leagues++
			l = m.fresh() // teaches only what all share
		} else {
			l = m.fresh()
			m.leagues[f.League] = l
		}
	}
	base := m.base(l)
	x := l.values(f, base)

	follower, market := l.meet(f, &m.all)
	m.beyond.Followers += absent(follower)
	m.beyond.Markets += absent(market)
	m.terms = l.fit.terms(f, &x, m.terms)
	said := [2]term{{0, 1}, {1, l.stated(m.terms, base)}}
	m.along = l.recal.learn(said[:], logit(base), hit, recalWeight, recalForgetting, m.along)
	m.along = l.learn(m.terms, 0, hit, outcomeWeight, forgetting, m.along)

	m.all.meet(f, nil)
	m.terms = m.all.terms(f, &x, m.terms)
	m.along = m.all.learn(m.terms, 0, hit, outcomeWeight, forgetting, m.along)
	m.beyond.Families += l.count(f, hit, follower && market)
	m.total.add(hit, leagueMemory)
}

// fresh is a league without outcomes of its own.
func (m *Model) fresh() *league { return newLeague(&m.all, m.total) }

// base is the rate of a league, shrunk to that of all.
func (m *Model) base(l *league) float64 {
	return l.total.towards(m.total.towards(firstRate, firstWeight), strength)
}

func absent(there bool) int {
	if there {
		return 0
	}
	return 1
}
