package sameness

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
	"corrgraph/server/restart"
)

// kept are the checkpoints of the services of a place, of which the newest is there to be started
// from.
type kept struct {
	r      *rand.Rand
	rarely int // one in so many times that one may be taken, one is
	newest *checkpoint
	all    []*checkpoint
	used   int
	tail   int // parts of the log that were read on from those used
}

type checkpoint struct {
	mark  string
	parts map[string][]byte
}

// cutter takes checkpoints of one service.
type cutter struct {
	*kept
	t    *testing.T
	p    *place
	live *live.Live
	busy atomic.Bool
}

// Due implements ingest.Cuts.
func (c *cutter) Due(_ int, last bool) bool {
	return !c.busy.Load() && !c.p.log.dead && (last || c.r.IntN(c.rarely) == 0)
}

// Cut implements ingest.Cuts.
func (c *cutter) Cut(d *ingest.Door) {
	c.busy.Store(true)
	x := c.live.Cut()
	mark, err := ingest.Mark(c.t.Context(), c.p.log, d.At)
	if err != nil {
		c.t.Errorf("at %d: %v", d.At, err)
	}
	go func() {
		defer c.busy.Store(false)
		next := &checkpoint{mark, map[string][]byte{}}
		parts := map[string]*bytes.Buffer{}
		open := func(name string) (io.Writer, error) {
			parts[name] = &bytes.Buffer{}
			return parts[name], nil
		}
		w, _ := open("door")
		if err := d.Save(w); err != nil {
			c.t.Errorf("the door is not saved: %v", err)
		}
		if err := x.Write(c.t.Context(), open); err != nil {
			c.t.Errorf("the engines are not saved: %v", err)
			return
		}
		for name, b := range parts {
			next.parts[name] = b.Bytes()
		}
		c.newest, c.all = next, append(c.all, next)
	}()
}

// resume makes a service of the newest checkpoint; nil if there is none.
func (k *kept) resume(t *testing.T, p *place, o live.Options) (*ingest.Door, *live.Live) {
	t.Helper()
	if k == nil {
		return nil, nil
	}
	synctest.Wait() // until the one that was taken last is written
	newest := k.newest
	if newest == nil {
		return nil, nil
	}
	d, err := ingest.RestoreDoor(bytes.NewReader(newest.parts["door"]))
	if err == nil {
		err = d.Fits(t.Context(), p.log, newest.mark, odds.TimeOf(p.now()), 0)
	}
	var l *live.Live
	if err == nil {
		l, err = live.Restore(o, func(name string) (io.Reader, error) { return bytes.NewReader(newest.parts[name]), nil })
	}
	if err != nil {
		t.Fatalf("a checkpoint can't be started from: %v", err)
	}
	last, _ := p.log.Last(t.Context())
	k.used++
	k.tail += int(last - d.At)
	return d, l
}

// resumed compares services that are started again and again from checkpoints with one that is
// started from their whole log, and with one that is started from the last checkpoint of all.
func (x *trial) resumed(t *testing.T) {
	for _, rarely := range []int{200, 1500} {
		p := x.place(x.rough)
		p.kept = &kept{r: rand.New(rand.NewPCG(x.o.Seed, uint64(rarely))), rarely: rarely}
		stopped := newComparison("f. before a stop, and after the restart from a checkpoint")
		c := newComparison(fmt.Sprintf("f. started again and again from checkpoints, and from the log (one in %d)", rarely))
		bubble(t, p, func(t *testing.T) {
			r := rand.New(rand.NewPCG(x.o.Seed, 7))
			all := x.rough.schedule(x.o.Seed)
			l := &lives{place: p, service: p.start(t), r: r, down: 90 * second, stopped: stopped}
			l.sendAll(t, all, interruptions(r, all, x.o.Stops))
			one := l.whole(t)
			l.end()
			synctest.Wait()
			k := p.kept
			c.note = fmt.Sprintf("%d checkpoints, %d starts from one with %d parts to be read on; %d stops, %d deaths", len(k.all), k.used, k.tail, l.starts, l.deaths)
			if k.used < 2 || k.tail == 0 {
				t.Errorf("checkpoints were not used: %s", c.note)
			}
			c.add("a restart from a checkpoint", one, p.again(t))
			x.reread(t, p, k.all)
			p.kept = nil
			c.add("a restart from the log", one, p.again(t))
		})
		x.tell(stopped)
		x.tell(c)
	}
}

// resumedCalmly compares what is learnt by a service that was started from checkpoints with what
// one learns that never ended.
func (x *trial) resumedCalmly(t *testing.T) {
	all := x.calm.schedule(x.o.Seed)
	c := newComparison("f. what is learnt with interruptions and checkpoints, and without either")
	var was, is answers
	p := x.calmPlace()
	bubble(t, p, func(t *testing.T) {
		s := p.start(t)
		s.sent(t, all)
		was = s.whole(t).only(learnt...)
		s.end()
	})
	p = x.calmPlace()
	p.kept = &kept{r: rand.New(rand.NewPCG(x.o.Seed, 9)), rarely: 500}
	bubble(t, p, func(t *testing.T) {
		r := rand.New(rand.NewPCG(x.o.Seed, 8))
		l := &lives{place: p, service: p.start(t), r: r, down: second}
		l.sendAll(t, all, interruptions(r, all, x.o.Stops))
		is = l.whole(t).only(learnt...)
		l.end()
		synctest.Wait()
		c.note = fmt.Sprintf("%d checkpoints, %d starts from one", len(p.kept.all), p.kept.used)
	})
	c.add("interrupted", was, is)
	x.tell(c)
}

// reread compares each checkpoint with what its log says when it is read once more from the one
// before, section by section.
func (x *trial) reread(t *testing.T, p *place, all []*checkpoint) {
	c := newComparison("f. a checkpoint, and the log read once more from the one before")
	for i := 1; i < len(all); i++ {
		was, is := all[i-1].parts, all[i].parts
		first, err := ingest.RestoreDoor(bytes.NewReader(was["door"]))
		if err != nil {
			t.Fatal(err)
		}
		second, err := ingest.RestoreDoor(bytes.NewReader(is["door"]))
		if err != nil {
			t.Fatal(err)
		}
		again, err := restart.NewAgain(t.Context(), p.liveOptions(), func(name string) (io.Reader, error) { return bytes.NewReader(was[name]), nil })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ingest.Again(t.Context(), p.doorOptions(first), again, second); err != nil {
			t.Fatal(err)
		}
		for _, name := range restart.Alike {
			var b bytes.Buffer
			if err := again.Write(&b, name); err != nil {
				t.Fatal(err)
			}
			c.add(fmt.Sprintf("%s of %d", name, second.At), answers{{what: name, text: digest(b.Bytes())}}, answers{{what: name, text: digest(is[name])}})
		}
	}
	x.tell(c)
}

func digest(b []byte) string { return fmt.Sprintf("%d bytes, SHA-256 %x", len(b), sha256.Sum256(b)) }
