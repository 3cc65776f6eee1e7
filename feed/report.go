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

// Report counts accepted quotes, rejected records, and what was passed over because it is
// no price, over all files of a run. It is safe for concurrent use.
type Report struct {
	// Keep is how many rejects per reason are kept in full. Zero means 3.
	Keep int

	mu       sync.Mutex
	quotes   int            // guarded by mu
	rejected map[string]int // guarded by mu
	shown    []Reject       // guarded by mu
	skipped  map[string]int // guarded by mu
	line     int            // guarded by mu
}

// Read adds the n accepted quotes of the batch that the parser emits next, and notes the
// line on which it begins.
func (p *Report) Read(line, n int) {
	p.mu.Lock()
	p.quotes += n
	p.line = line
	p.mu.Unlock()
}

// Line returns the first line of the batch read last.
func (p *Report) Line() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line
}

// TakeBack subtracts the n quotes of a batch that was read, and counts each as a reject; a
// batch without quotes counts as one.
func (p *Report) TakeBack(n int, r Reject) {
	p.mu.Lock()
	p.quotes -= n
	p.mu.Unlock()
	for range max(n, 1) {
		p.Reject(r)
	}
}

// Skip counts something that was passed over for a reason, without being an error.
func (p *Report) Skip(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.skipped == nil {
		p.skipped = map[string]int{}
	}
	p.skipped[why]++
}

// Skipped returns how much was passed over, by reason.
func (p *Report) Skipped() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.skipped)
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
	skipped := maps.Clone(q.skipped)
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
	if p.skipped == nil {
		p.skipped = map[string]int{}
	}
	for why, n := range skipped {
		p.skipped[why] += n
	}
}
