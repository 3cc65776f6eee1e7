package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"corrgraph/catalog"
	"corrgraph/feed/recording"
	"corrgraph/internal/state"
	"corrgraph/odds"
	"corrgraph/proof/simulate"
)

// simulated is a market with linked events, polls and streams. Its spreads are left out: with
// them no other field of an engine comes into use.
func simulated(tb testing.TB, minutes int) (all []*odds.Batch) {
	tb.Helper()
	kept := []string{"mlb-nyy-bos", "mlb-tor-nyy", "wnba-nyl-lva"} // linked by a team and a city
	if _, err := simulate.Run(simulate.Options{Seed: 3, Minutes: minutes}, func(b *odds.Batch) error {
		one := *b
		one.Updates = slices.DeleteFunc(slices.Clone(b.Updates), func(u odds.Update) bool { return u.Market == "spreads" || !slices.Contains(kept, u.Event.ID) })
		all = append(all, &one)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return all
}

// recorded reads a recording kept beside the repository.
func recorded(tb testing.TB, pattern string) (all []*odds.Batch) {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join("../../shared/data", pattern))
	if err != nil {
		tb.Fatal(err)
	}
	if len(paths) == 0 {
		tb.Skip("no recordings beside the repository")
	}
	s, err := recording.Open(tb.Context(), paths, recording.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	for {
		b, err := s.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, b)
	}
}

func facts(tb testing.TB) *catalog.Facts {
	tb.Helper()
	f, err := catalog.Builtin()
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func feedAll(tb testing.TB, e *concluded, batches []*odds.Batch) {
	tb.Helper()
	for _, b := range batches {
		if err := e.Apply(b); err != nil {
			tb.Fatal(err)
		}
		e.Collect(e.Engine)
	}
}

func save(tb testing.TB, e *Engine) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := e.Save(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func restore(tb testing.TB, b []byte, o Options) *Engine {
	tb.Helper()
	e, err := Restore(bytes.NewReader(b), o)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// answers lists all results of an engine at the end.
func answers(e *concluded) (out []string) {
	e.Collector.Finish(e.Engine)
	say := func(what string, v any) { out = append(out, fmt.Sprintf("%s: %+v", what, v)) }
	text := func(v any) string { // %+v would print where pointers lie in memory
		text, err := json.Marshal(v)
		return fmt.Sprintf("%s, error %v", text, err)
	}
	for _, p := range e.Predictions {
		say("bet", text(p.Money))
		p.Money = nil
		say("prediction", p)
	}
	for _, b := range e.Unforecast {
		say("unforecast", text(b))
	}
	for _, a := range e.Anomalies {
		say("anomaly", text(a))
	}
	for _, f := range e.Families() {
		say("family", f)
	}
	for _, g := range e.Edges() {
		say("edge", g)
	}
	events := e.Events()
	say("events", events)
	say("ambiguities", *e.Ambiguities())
	say("groups", e.Groups())
	say("counts", e.Counts())
	check, opinions := e.Check()
	say("check", check)
	say("opinions", opinions)
	say("sources", e.Sources())
	say("sums", e.EventSums())
	for _, ev := range events {
		v, _ := e.View(ev.ID, [4]bool{true, true, true, true})
		for i := range v.Open {
			say("open bet", text(v.Open[i].Money))
			v.Open[i].Money = nil
		}
		say("view", v)
		r, _ := remembered(e.Engine, ev.ID, odds.Ever, odds.Never, math.MaxInt)
		say("remembered", r)
	}
	return out
}

// TestSavedEngineGoesOn saves at several points, continues in an engine restored from
// there, and expects the same final results as in one uninterrupted run.
func TestSavedEngineGoesOn(t *testing.T) {
	market := sync.OnceValue(func() []*odds.Batch { return simulated(t, 120) })
	for _, c := range []struct {
		name    string
		batches func(testing.TB) []*odds.Batch
		opt     Options
	}{
		{"simulated as it streams", func(testing.TB) []*odds.Batch { return market() }, Options{SearchEachDecision: true, ForgetAfter: 3_600_000, KeepMoves: 256}},
		{"simulated as a recording", func(testing.TB) []*odds.Batch { return market()[:len(market())*4/5] }, Options{ScoreAtFinish: true}},
		{"polled", func(tb testing.TB) []*odds.Batch { return recorded(tb, "the-odds-api-v4/mlb_2026-08-07.ndjson.bz2") }, Options{ScoreAtFinish: true}},
		{"streamed", func(tb testing.TB) []*odds.Batch { return recorded(tb, "betfair-stream/*.bz2") }, Options{ForgetAfter: 24 * 3_600_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := c.batches(t)
			c.opt.Facts = facts(t)
			whole := &concluded{Engine: New(c.opt)}
			feedAll(t, whole, all)
			parts := &concluded{Engine: New(c.opt)}
			from := 0
			for _, share := range []float64{0.31, 0.5, 0.77} {
				upto := int(share * float64(len(all)))
				feedAll(t, parts, all[from:upto])
				from = upto
				saved := save(t, parts.Engine)
				again := restore(t, saved, c.opt)
				if !bytes.Equal(saved, save(t, again)) {
					t.Error("what was restored is saved as something else")
				}
				sameState(t, parts.Engine, again)
				parts.Engine = again
			}
			feedAll(t, parts, all[from:])
			want, got := answers(whole), answers(parts)
			if len(want) < 20 || len(want) != len(got) {
				t.Fatalf("%d answers, of one run %d", len(got), len(want))
			}
			wrong := 0
			for i := range want {
				if want[i] != got[i] && wrong < 3 {
					wrong++
					t.Errorf("%.300s\nof one run:\n%.300s", got[i], want[i])
				}
			}
		})
	}
}

// TestDamagedStateIsRefused: a truncated state, one changed anywhere, and one of another
// version or other options give an error and no engine.
func TestDamagedStateIsRefused(t *testing.T) {
	o := Options{Facts: facts(t), SearchEachDecision: true}
	e := &concluded{Engine: New(o)}
	feedAll(t, e, simulated(t, 65))
	saved := save(t, e.Engine)
	refused := func(what string, b []byte, o Options, want error) {
		t.Helper()
		if e, err := Restore(bytes.NewReader(b), o); e != nil || !errors.Is(err, want) {
			t.Errorf("%s: engine %v, error %v, want %v", what, e != nil, err, want)
		}
	}
	for n := 0; n < len(saved); n += 1 + len(saved)/23 {
		refused(fmt.Sprint("cut at ", n), saved[:n], o, state.ErrTruncated)
	}
	for i := 0; i < len(saved); i += 1 + len(saved)/47 {
		b := bytes.Clone(saved)
		b[i] ^= 0x20
		if e, err := Restore(bytes.NewReader(b), o); e != nil || err == nil {
			t.Errorf("byte %d changed: engine %v, error %v", i, e != nil, err)
		}
	}
	var other bytes.Buffer
	if err := state.NewWriter(&other, stateMagic, StateVersion+1).Close(); err != nil {
		t.Fatal(err)
	}
	refused("another version", other.Bytes(), o, state.ErrVersion)
	other.Reset()
	if err := state.NewWriter(&other, strings.Repeat("x", len(stateMagic)), StateVersion).Close(); err != nil {
		t.Fatal(err)
	}
	refused("something else", other.Bytes(), o, state.ErrFormat)
	o.Seed = 7
	refused("another seed", saved, o, ErrOptions)
}

func TestAnotherViewIsRefused(t *testing.T) {
	for _, v := range []View{Settled, Now} {
		if e, err := Restore(bytes.NewReader(save(t, New(Options{}))), Options{View: v}); e != nil || !errors.Is(err, ErrOptions) {
			t.Errorf("view %d is made of a whole engine: %v", v, err)
		}
	}
}

func TestSaveWantsNewsDrained(t *testing.T) {
	e := New(Options{})
	ev := &odds.Event{ID: "game", Sport: "tennis", Home: "A", Away: "B"}
	for i, price := range []string{"a 2", "a 2.1"} {
		quoteAll(t, e, ev, false, 10*i, price)
	}
	e.FlushLegs()
	if err := e.Save(io.Discard); !errors.Is(err, ErrNews) {
		t.Errorf("error %v, want %v", err, ErrNews)
	}
}

// caches are fields that need not be saved: they are refilled from saved ones or are empty
// between calls.
var caches = map[string]bool{
	"board.Board.known": true, "board.Event.said": true, "catalog.binding.last": true, // pointers handed out by sources
	"board.Book.ids": true, "board.Board.panel": true, "board.Board.member": true, "board.Board.devig": true,
	"family.Families.work": true, "family.Families.axes": true, "family.Pair.shown": true,
	"engine.detectors.view": true, "engine.forecasts.led": true, "worth.Ledger.view": true, "worth.Ledger.newest": true, "marks.Keeper.view": true, "worth.Ledger.yes": true, "worth.Ledger.all": true, "chance.Model.terms": true, "chance.Model.along": true, "engine.detectors.found": true,
	"engine.Engine.sample": true,                                                                                                           // taken at each decision
	"series.leg.has":       true, "series.leg.own": true, "board.cell.plan": true, "board.Event.outcomes": true, "board.Event.sides": true, // made again on use
	"board.Board.cells": true, "board.Board.Quoted": true, "board.Board.asked": true, "board.Board.newly": true, "board.Board.recv": true, "board.Board.leg": true, "board.Board.group": true, "board.Board.stage": true, "board.Board.kinds": true, "board.Board.bases": true,
}

// sameState compares two engines field by field, unexported fields included, so that a
// field nobody saves is noticed.
func sameState(t *testing.T, a, b *Engine) {
	t.Helper()
	w := &twins{t: t, twin: map[uintptr]uintptr{}}
	w.compare("Engine", reflect.ValueOf(a), reflect.ValueOf(b))
	for len(w.later) > 0 { // maps by pointers, once their twins are known
		next := w.later[0]
		w.later = w.later[1:]
		next()
	}
	if len(w.twin) < 30 {
		t.Errorf("only %d values were compared", len(w.twin))
	}
}

type twins struct {
	t     *testing.T
	twin  map[uintptr]uintptr // of every pointer in the first engine
	later []func()
}

func (w *twins) compare(path string, a, b reflect.Value) {
	if w.t.Failed() {
		return
	}
	switch a.Kind() {
	case reflect.Pointer:
		w.pointers(path, a, b)
	case reflect.Interface:
		if !a.IsNil() && !b.IsNil() {
			w.compare(path, a.Elem(), b.Elem())
		}
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			if !caches[a.Type().String()+"."+f.Name] {
				w.compare(path+"."+f.Name, a.Field(i), b.Field(i))
			}
		}
	case reflect.Array, reflect.Slice:
		if a.Len() != b.Len() {
			w.t.Errorf("%s has %d elements, restored %d", path, a.Len(), b.Len())
			return
		}
		of := a.Type().Elem().Kind()
		for i := range a.Len() {
			if x, y := a.Index(i), b.Index(i); !isScalar(of) || !same(x, y) {
				w.compare(path+"["+strconv.Itoa(i)+"]", x, y)
			}
		}
	case reflect.Map:
		if a.Len() != b.Len() {
			w.t.Errorf("%s has %d keys, restored %d", path, a.Len(), b.Len())
			return
		}
		w.later = append(w.later, func() { w.maps(path, a, b) })
	default:
		if !same(a, b) {
			w.t.Errorf("%s is %s, restored %s", path, scalar(a), scalar(b))
		}
	}
}

func (w *twins) pointers(path string, a, b reflect.Value) {
	if a.IsNil() || b.IsNil() {
		if a.IsNil() != b.IsNil() {
			w.t.Errorf("%s: only one is nil", path)
		}
		return
	}
	twin, known := w.twin[a.Pointer()]
	switch {
	case !known:
		w.twin[a.Pointer()] = b.Pointer()
		w.compare(path, a.Elem(), b.Elem())
	case twin != b.Pointer() && a.Type().Elem().Size() > 0:
		if a.Type() == reflect.TypeFor[*odds.Event]() {
			return // a source's own description, of which every batch may have a copy
		}
		w.t.Errorf("%s points to something else", path)
	}
}

func (w *twins) maps(path string, a, b reflect.Value) {
	restored := map[string]reflect.Value{}
	for _, k := range b.MapKeys() {
		restored[w.key(k, false)] = k
	}
	for _, k := range a.MapKeys() {
		name := w.key(k, true)
		other, ok := restored[name]
		if !ok {
			w.t.Errorf("%s lacks %s", path, name)
			return
		}
		w.compare(path+"["+name+"]", a.MapIndex(k), b.MapIndex(other))
	}
}

// key names a key; pointers of the first engine by their twins in the second.
func (w *twins) key(k reflect.Value, first bool) string {
	switch k.Kind() {
	case reflect.Pointer:
		if first {
			return fmt.Sprint(w.twin[k.Pointer()])
		}
		return fmt.Sprint(k.Pointer())
	case reflect.Struct:
		var parts []string
		for i := range k.NumField() {
			parts = append(parts, w.key(k.Field(i), first))
		}
		return strings.Join(parts, "|")
	case reflect.Array:
		var parts []string
		for i := range k.Len() {
			parts = append(parts, w.key(k.Index(i), first))
		}
		return strings.Join(parts, "|")
	}
	return scalar(k)
}

func isScalar(k reflect.Kind) bool {
	return k == reflect.Bool || k == reflect.String || reflect.Int <= k && k <= reflect.Uint64 || k == reflect.Float32 || k == reflect.Float64
}

// same is whether two values are equal bit by bit, if they are scalars; others have the same text.
func same(a, b reflect.Value) bool {
	switch {
	case a.CanFloat():
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case a.CanInt():
		return a.Int() == b.Int()
	case a.CanUint() && a.Kind() != reflect.Uintptr:
		return a.Uint() == b.Uint()
	}
	return scalar(a) == scalar(b)
}

func scalar(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return fmt.Sprintf("%x", math.Float64bits(v.Float()))
	case reflect.Bool:
		return fmt.Sprint(v.Bool())
	case reflect.String:
		return v.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return fmt.Sprint(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprint(v.Uint())
	}
	return v.Kind().String()
}
