package main

import (
	"fmt"
	"io"
)

// report is the answer of the command.
type report struct {
	First   uint64  `json:"first_seed"`
	Seeds   uint64  `json:"seeds"`
	Markets []tally `json:"markets"`
}

// tally counts the runs of a market.
type tally struct {
	Market   string   `json:"market"`
	About    string   `json:"about"`
	Right    int      `json:"right"`
	CantTell int      `json:"cant_tell"`
	Wrong    int      `json:"wrong"`
	Example  string   `json:"example"`
	Runs     []result `json:"runs"`

	shown verdict // of Example
}

func (t *tally) add(r result) {
	switch r.Verdict {
	case right:
		t.Right++
	case cantTell:
		t.CantTell++
	default:
		t.Wrong++
	}
	if worst := r.worst(); t.Example == "" || r.Verdict > t.shown {
		t.Example, t.shown = fmt.Sprintf("%s: %s (seed %d)", worst.Said, worst.Why, r.Seed), r.Verdict
	}
	t.Runs = append(t.Runs, r)
}

// text writes a row of the table, below its head if it is the first.
func (t *tally) text(w io.Writer, first bool) {
	const row = "%-24s %5v %5v %10v %5v  %s\n"
	if first {
		fmt.Fprintf(w, row, "market", "seeds", "right", "can't tell", "wrong", "for example")
	}
	fmt.Fprintf(w, row, t.Market, len(t.Runs), t.Right, t.CantTell, t.Wrong, t.Example)
}

func (r *report) wrong() bool {
	for _, t := range r.Markets {
		if t.Wrong > 0 {
			return true
		}
	}
	return false
}
