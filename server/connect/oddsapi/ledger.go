package oddsapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ledger is the file that keeps what the day has cost, so that a restart does not forget it. It is
// replaced as a whole: a process that is killed leaves the old one or the new one. The zero value
// keeps nothing.
type ledger struct {
	path string
	last kept
}

// kept are credits as they are written down.
type kept struct {
	Until time.Time `json:"until"` // when the day ends
	Reset time.Time `json:"reset"`
	On    int       `json:"reset_day"`
	Daily int       `json:"daily"` // as stated then
	Today float64   `json:"today"`
	Spent float64   `json:"spent"`
	Soon  float64   `json:"soon"`
	Left  float64   `json:"left"`
	Told  bool      `json:"told"`
	Used  float64   `json:"used"`
	Doubt float64   `json:"doubt"`
}

// mostLedger limits the file that is read, in bytes.
const mostLedger = 4096

// read returns what is written down; the zero value if nothing is.
func (l *ledger) read() (k kept, err error) {
	if l.path == "" {
		return k, nil
	}
	info, err := os.Stat(l.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return k, nil
	case err == nil && info.Size() > mostLedger:
		return k, l.unusable(fmt.Errorf("it has %d bytes, want at most %d", info.Size(), mostLedger))
	}
	text, err := os.ReadFile(l.path)
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err == nil && !k.valid() {
		err = errors.New("its numbers can't be")
	}
	if err != nil {
		return kept{}, l.unusable(err)
	}
	l.last = k
	return k, nil
}

func (l *ledger) unusable(err error) error {
	return fmt.Errorf("what the credits of the day were spent on can't be read from %s: %w; delete it to begin anew", l.path, err)
}

func (k *kept) valid() bool {
	return !k.Until.IsZero() && k.On >= 1 && k.On <= 28 && k.Spent >= 0 && k.Today >= 0 && k.Left >= 0 && k.Soon >= 0 && k.Doubt >= 0
}

// write writes credits down, unless that is what is there.
func (l *ledger) write(k kept) error {
	if l.path == "" || k == l.last {
		return nil
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o750); err != nil {
		return err
	}
	next := l.path + ".new"
	if err := os.WriteFile(next, append(text, '\n'), 0o640); err != nil {
		return err
	}
	if err := os.Rename(next, l.path); err != nil {
		return err
	}
	l.last = k
	return nil
}

// kept is what a planner writes down.
func (p *planner) kept() kept {
	c := p.c
	return kept{c.until, c.reset, c.on, p.o.Daily, c.today, max(0, c.spent), p.soon, max(0, c.left), c.told, c.used, max(0, c.doubt)}
}

// recall takes up what was written down. If other credits are stated since then, they are those of
// the whole day, of which what was spent is spent.
func (p *planner) recall(k kept) {
	if k.Until.IsZero() {
		return
	}
	c := p.c
	c.until, c.reset, c.today, c.spent, c.left, c.told, c.used, c.doubt = k.Until, k.Reset, k.Today, k.Spent, k.Left, k.Told, k.Used, k.Doubt
	p.of, p.soon = k.Until, k.Soon
	if p.o.ResetDay == 1 { // not stated; the venue may have shown another one
		c.on = k.On
	}
	switch {
	case k.Daily == p.o.Daily:
	case p.o.Daily > 0:
		c.today = float64(p.o.Daily)
	default:
		c.today = k.Spent + c.left*float64(day)/float64(max(day, c.reset.Sub(c.until)+day))
	}
}
