package fault_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corrgraph/odds"
	"corrgraph/server/guard/fault"
)

// hand is a clock that stands still until it is moved.
type hand struct{ ns atomic.Int64 }

func (h *hand) now() time.Time       { return time.Unix(1_750_000_000, h.ns.Load()).UTC() }
func (h *hand) move(d time.Duration) { h.ns.Add(int64(d)) }

func newRegistry(t testing.TB, o fault.Options) *fault.Registry {
	t.Helper()
	r, err := fault.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func inject(t testing.TB, r *fault.Registry, k fault.Kind, p fault.Params, d time.Duration) fault.Fault {
	t.Helper()
	f, err := r.Inject(k, p, d, "test")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// valid holds valid parameters for each kind.
var valid = map[fault.Kind]fault.Params{
	fault.KillLayer:      {Layer: odds.CrossSport},
	fault.SlowStore:      {Delay: 40 * time.Millisecond},
	fault.FullDisk:       {},
	fault.MemoryPressure: {Bytes: 1 << 30},
	fault.ClockSkew:      {Skew: -time.Hour},
	fault.FeedStall:      {},
	fault.JudgeStall:     {},
}

// felt is the combined result of all look-ups.
type felt struct {
	Layers [5]string
	Disk   string
	Delay  time.Duration
	Extra  int64
	Skew   time.Duration
	Stall  [2]bool
}

func feel(r *fault.Registry) (f felt) {
	say := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	for l := range f.Layers {
		f.Layers[l] = say(r.LayerError(odds.Layer(l)))
	}
	f.Disk, f.Delay, f.Extra, f.Skew, f.Stall[0], f.Stall[1] = say(r.DiskFull()), r.StoreDelay(), r.MemoryExtra(), r.ClockSkew(), r.FeedStalled(), r.JudgeStalled()
	return f
}

func TestFaultsAreFeltUntilTheyEnd(t *testing.T) {
	for _, k := range fault.Kinds() {
		t.Run(string(k), func(t *testing.T) {
			var h hand
			r := newRegistry(t, fault.Options{Clock: h.now, Enabled: true})
			f := inject(t, r, k, valid[k], 30*time.Second)
			want := fault.Fault{ID: 1, Kind: k, Params: valid[k], From: h.now(), Until: h.now().Add(30 * time.Second), Who: "test"}
			if diff := cmp.Diff(want, f); diff != "" {
				t.Error(diff)
			}
			var none felt
			h.move(30*time.Second - 1)
			if feel(r) == none {
				t.Error("not felt")
			}
			if diff := cmp.Diff([]fault.Fault{want}, r.Active()); diff != "" {
				t.Error(diff)
			}
			h.move(1)
			if got := feel(r); got != none {
				t.Errorf("felt after its end: %+v", got)
			}
			if a := r.Active(); a != nil {
				t.Errorf("active after its end: %v", a)
			}
		})
	}
}

func TestEachFaultIsFeltWhereItBelongs(t *testing.T) {
	var h hand
	r := newRegistry(t, fault.Options{Clock: h.now, Enabled: true})
	for _, k := range fault.Kinds() {
		inject(t, r, k, valid[k], time.Minute)
	}
	inject(t, r, fault.KillLayer, fault.Params{Layer: odds.Direct}, 10*time.Second)
	want := felt{
		Layers: [5]string{1: "injected fault: kill-layer L1", 4: "injected fault: kill-layer L4"},
		Disk:   "injected fault: full-disk: " + syscall.ENOSPC.Error(),
		Delay:  40 * time.Millisecond, Extra: 1 << 30, Skew: -time.Hour, Stall: [2]bool{true, true},
	}
	if diff := cmp.Diff(want, feel(r)); diff != "" {
		t.Error(diff)
	}
	h.move(10 * time.Second)
	want.Layers[1] = ""
	if diff := cmp.Diff(want, feel(r)); diff != "" {
		t.Errorf("when one has ended: %s", diff)
	}
	if err := r.DiskFull(); !errors.Is(err, fault.ErrInjected) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	if err := r.LayerError(odds.CrossSport); !errors.Is(err, fault.ErrInjected) {
		t.Errorf("%v", err)
	}
}

func TestANewFaultReplacesItsLike(t *testing.T) {
	var h hand
	r := newRegistry(t, fault.Options{Clock: h.now, Enabled: true})
	inject(t, r, fault.SlowStore, fault.Params{Delay: time.Second}, time.Hour)
	inject(t, r, fault.KillLayer, fault.Params{Layer: 3}, time.Hour)
	inject(t, r, fault.SlowStore, fault.Params{Delay: 2 * time.Second}, time.Minute)
	inject(t, r, fault.KillLayer, fault.Params{Layer: 4}, time.Hour)
	var ids []uint64
	for _, f := range r.Active() {
		ids = append(ids, f.ID)
	}
	if diff := cmp.Diff([]uint64{2, 3, 4}, ids); diff != "" || r.StoreDelay() != 2*time.Second {
		t.Errorf("%s, delay %v", diff, r.StoreDelay())
	}
	h.move(time.Minute)
	if d := r.StoreDelay(); d != 0 {
		t.Errorf("the older fault of %v came back", d)
	}
}

func TestClear(t *testing.T) {
	var h hand
	var told []string
	r := newRegistry(t, fault.Options{Clock: h.now, Enabled: true, OnChange: func(f fault.Fault, injected bool) {
		s := "-"
		if injected {
			s = "+"
		}
		told = append(told, s+string(f.Kind))
	}})
	inject(t, r, fault.KillLayer, fault.Params{Layer: 3}, time.Hour)
	inject(t, r, fault.KillLayer, fault.Params{Layer: 4}, time.Hour)
	inject(t, r, fault.FeedStall, fault.Params{}, time.Hour)
	inject(t, r, fault.FullDisk, fault.Params{}, time.Second)
	if ended := r.Clear(fault.KillLayer); len(ended) != 2 {
		t.Errorf("cleared %v", ended)
	}
	if r.LayerError(4) != nil || !r.FeedStalled() {
		t.Error("cleared the wrong ones")
	}
	if ended := r.Clear(fault.ClockSkew); ended != nil {
		t.Errorf("cleared %v", ended)
	}
	h.move(time.Minute) // full-disk expires
	if ended := r.ClearAll(); len(ended) != 1 || feel(r) != (felt{}) {
		t.Errorf("cleared %v", ended)
	}
	want := []string{"+kill-layer", "+kill-layer", "+feed-stall", "+full-disk", "-kill-layer", "-kill-layer", "-feed-stall"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func TestDisabledRegistryRefuses(t *testing.T) {
	var h hand
	r := newRegistry(t, fault.Options{Clock: h.now})
	for _, k := range fault.Kinds() {
		if _, err := r.Inject(k, valid[k], time.Second, "x"); !errors.Is(err, fault.ErrDisabled) {
			t.Errorf("%s: %v", k, err)
		}
	}
	if r.Enabled() || r.Active() != nil || feel(r) != (felt{}) || r.Denied() != 7 {
		t.Errorf("%v, %+v, %d denied", r.Active(), feel(r), r.Denied())
	}
}

func TestWrongFaultsAreRefused(t *testing.T) {
	var h hand
	r := newRegistry(t, fault.Options{Clock: h.now, Enabled: true, Longest: time.Minute})
	for _, c := range []struct {
		kind fault.Kind
		p    fault.Params
		d    time.Duration
		want string
	}{
		{"kill", fault.Params{}, time.Second, "want one of kill-layer"},
		{fault.KillLayer, fault.Params{}, time.Second, "layer 1 to 4"},
		{fault.KillLayer, fault.Params{Layer: 5}, time.Second, "layer 1 to 4"},
		{fault.SlowStore, fault.Params{}, time.Second, "delay"},
		{fault.SlowStore, fault.Params{Delay: time.Hour}, time.Second, "delay"},
		{fault.SlowStore, fault.Params{Delay: time.Second, Layer: 1}, time.Second, "takes no layer"},
		{fault.MemoryPressure, fault.Params{Bytes: -1}, time.Second, "bytes"},
		{fault.ClockSkew, fault.Params{}, time.Second, "skew"},
		{fault.ClockSkew, fault.Params{Skew: -25 * time.Hour}, time.Second, "skew"},
		{fault.FullDisk, fault.Params{Bytes: 1}, time.Second, "takes no bytes"},
		{fault.FullDisk, fault.Params{}, 0, "up to 1m"},
		{fault.FullDisk, fault.Params{}, -1, "up to 1m"},
		{fault.FullDisk, fault.Params{}, time.Hour, "up to 1m"},
	} {
		_, err := r.Inject(c.kind, c.p, c.d, "x")
		if !errors.Is(err, fault.ErrParams) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v for %v: %v, want %q", c.kind, c.p, c.d, err, c.want)
		}
	}
	if r.Active() != nil {
		t.Errorf("%v", r.Active())
	}
	for _, o := range []fault.Options{{}, {Clock: h.now, Longest: -1}} {
		if _, err := fault.New(o); err == nil {
			t.Errorf("accepted %+v", o)
		}
	}
}

func TestParseKind(t *testing.T) {
	for _, k := range fault.Kinds() {
		if got, err := fault.ParseKind(string(k)); err != nil || got != k {
			t.Errorf("%s: %v, %v", k, got, err)
		}
	}
	if _, err := fault.ParseKind("Full-Disk"); !errors.Is(err, fault.ErrParams) {
		t.Errorf("%v", err)
	}
}

// TestSkewDoesNotMoveItsOwnEnd: the service's clock is skewed, the faults' clock
// isn't.
func TestSkewDoesNotMoveItsOwnEnd(t *testing.T) {
	var h hand
	r := newRegistry(t, fault.Options{Clock: h.now, Enabled: true})
	service := func() time.Time { return h.now().Add(r.ClockSkew()) }
	before := service()
	inject(t, r, fault.ClockSkew, fault.Params{Skew: time.Hour}, time.Minute)
	if got := service().Sub(before); got != time.Hour {
		t.Errorf("off by %v", got)
	}
	h.move(time.Minute)
	if got := service().Sub(before); got != time.Minute {
		t.Errorf("off by %v after its end", got-time.Minute)
	}
}

// TestTogether makes look-ups while faults change, for the race detector.
func TestTogether(t *testing.T) {
	var h hand
	r := newRegistry(t, fault.Options{Clock: h.now, Enabled: true})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(i)))
			for range 500 {
				k := fault.Kinds()[rnd.IntN(6)]
				switch rnd.IntN(4) {
				case 0:
					r.Inject(k, valid[k], time.Duration(1+rnd.IntN(100)), "x")
				case 1:
					r.Clear(k)
				default:
					feel(r)
				}
				h.move(time.Duration(rnd.IntN(10)))
				if n := len(r.Active()); n > 6 {
					t.Errorf("%d faults at once", n)
				}
			}
		})
	}
	wg.Wait()
	h.move(time.Hour)
	if feel(r) != (felt{}) || r.Active() != nil {
		t.Errorf("%+v, %v", feel(r), r.Active())
	}
}

func BenchmarkLookup(b *testing.B) {
	for _, name := range []string{"none", "active"} {
		b.Run(name, func(b *testing.B) {
			var h hand
			r := newRegistry(b, fault.Options{Clock: h.now, Enabled: true})
			if name == "active" {
				for _, k := range fault.Kinds() {
					inject(b, r, k, valid[k], time.Hour)
				}
			}
			f := func() {
				if (r.LayerError(odds.CrossSport) != nil) != (name == "active") {
					b.Fatal("wrong answer")
				}
			}
			if n := testing.AllocsPerRun(100, f); n > 0 {
				b.Errorf("%v allocations", n)
			}
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}
