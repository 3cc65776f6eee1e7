package feed

import (
	"fmt"
	"maps"
	"sync"
	"unicode/utf8"
)

// Reject is a record that was skipped, with the reason.
type Reject struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Reason string `json:"reason"` // a short fixed word, counted: "bad_price", "naive_time", …
	Detail string `json:"detail"` // the value and what was expected
}

// String returns "file:line: reason: detail".
func (r Reject) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", r.File, r.Line, r.Reason, r.Detail)
}

// Report counts accepted quotes and rejected records over all files of a run. It is
// safe for concurrent use.
type Report struct {
	// Keep is how many rejects per reason are kept in full. Zero means 3.
	Keep int

	mu       sync.Mutex
	quotes   int            // guarded by mu
	rejected map[string]int // guarded by mu
	shown    []Reject       // guarded by mu
}

// Read adds n accepted quotes; a negative n subtracts.
func (p *Report) Read(n int) {
	p.mu.Lock()
	p.quotes += n
	p.mu.Unlock()
}

// Reject counts a rejected record. It cuts r.Detail to 200 bytes, between letters.
func (p *Report) Reject(r Reject) {
	if n := 200; len(r.Detail) > n {
		for n > 0 && !utf8.RuneStart(r.Detail[n]) {
			n--
		}
		r.Detail = r.Detail[:n] + "…"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rejected == nil {
		p.rejected = map[string]int{}
	}
	keep := p.Keep
	if keep == 0 {
		keep = 3
	}
	if p.rejected[r.Reason] < keep {
		p.shown = append(p.shown, r)
	}
	p.rejected[r.Reason]++
}

// Quotes returns the number of accepted quotes.
func (p *Report) Quotes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.quotes
}

// Rejected returns the number of rejects by reason, and in total.
func (p *Report) Rejected() (by map[string]int, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.rejected {
		total += n
	}
	return maps.Clone(p.rejected), total
}

// Shown returns the first few rejects of each reason.
func (p *Report) Shown() []Reject {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Reject(nil), p.shown...)
}

// Add adds q's counts to p's. The rejects kept by q follow those of p, up to p.Keep per
// reason. q must not be p.
func (p *Report) Add(q *Report) {
	q.mu.Lock()
	quotes, rejected, shown := q.quotes, maps.Clone(q.rejected), append([]Reject(nil), q.shown...)
	q.mu.Unlock()
	for _, r := range shown {
		p.Reject(r)
		rejected[r.Reason]--
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quotes += quotes
	if p.rejected == nil { // q may have shown none of its rejects
		p.rejected = map[string]int{}
	}
	for reason, n := range rejected {
		p.rejected[reason] += n
	}
}
