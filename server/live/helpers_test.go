package live

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/ingest"
	"corrgraph/store"
)

// market returns three hours of three matches at four venues, each a stream of its
// own: the others follow "lead" after 2, 3 and 4 s.
func market() (all []*odds.Batch) {
	r := rand.New(rand.NewPCG(5, 6))
	var events []*odds.Event
	for _, id := range []string{"one", "two", "three"} {
		events = append(events, &odds.Event{ID: id, Sport: "tennis", League: "atp", Home: "H" + id, Away: "A" + id})
	}
	value := make([]float64, len(events))
	for at := noon; at < noon.Add(3*3_600_000); at = at.Add(odds.Millis(5_000 + r.IntN(10_000))) {
		i := r.IntN(len(events))
		value[i] = 0.95*value[i] + 0.05*r.NormFloat64()
		for k, venue := range []string{"lead", "b", "c", "d"} {
			if k > 0 && r.IntN(10) == 0 {
				continue
			}
			home := 1 / (1 + math.Exp(-value[i]))
			all = append(all, &odds.Batch{Source: venue, At: at.Add(odds.Millis(k * (1000 + r.IntN(50)))), Updates: []odds.Update{{
				Event: events[i], Venue: venue, Market: "h2h", Quotes: []odds.Quote{
					{Selection: events[i].Home, Side: odds.Home, Line: math.NaN(), Main: true, Price: 1 / (home * 1.04)},
					{Selection: events[i].Away, Side: odds.Away, Line: math.NaN(), Main: true, Price: 1 / ((1 - home) * 1.04)},
				},
			}}})
		}
	}
	slices.SortStableFunc(all, func(a, b *odds.Batch) int { return cmp.Compare(a.At, b.At) })
	return all
}

const noon odds.Time = 1_780_000_000_000

// whole is a Live with its Ingester.
type whole struct {
	*Live
	*ingest.Ingester
}

// run starts both in the current bubble and returns a function that ends them.
func run(t *testing.T, in ingest.Options, o Options) (l *whole, end func()) {
	t.Helper()
	in.Clock = o.Clock
	l = &whole{}
	in.Verdict, in.CatchUp = func() odds.Time { return l.Verdict() }, func() { l.CatchUp() }
	l.Ingester = ingest.New(in)
	o.Intake, o.Settled = l.Ingester, l.Ingester.Settled
	l.Live = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- l.Ingester.Run(ctx, l.Live) }()
	go func() { ended <- l.Live.Run(ctx) }()
	synctest.Wait()
	return l, func() {
		t.Helper()
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
}

// shuffled splits batches into requests of random size, reordered within the limit,
// and repeats some of them.
func shuffled(r *rand.Rand, all []*odds.Batch, bound odds.Millis) (requests [][]*odds.Batch) {
	for len(all) > 0 {
		n := min(len(all), 1+r.IntN(200))
		for n > 1 && all[n-1].At.Sub(all[0].At) > bound {
			n--
		}
		request := slices.Clone(all[:n])
		r.Shuffle(n, func(i, j int) { request[i], request[j] = request[j], request[i] })
		requests = append(requests, request)
		if r.IntN(4) == 0 {
			requests = append(requests, slices.Clone(request))
		}
		all = all[n:]
	}
	return requests
}

// known returns everything that readers can see, as one text.
func known(t *testing.T, l *whole) string {
	t.Helper()
	var views []*View
	s := l.State()
	for _, e := range s.Events {
		v, err := l.View(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		own := *v
		own.Version, own.Past = 0, nil
		own.Quotes = nil // JSON has no NaN; compared below
		views = append(views, &own)
	}
	text, err := json.Marshal(struct {
		Views    []*View
		Families any
		Groups   []store.Group
		Counts   engine.Counts
		Card     any
	}{views, s.Families, s.Groups, s.Counts, l.Scorecard().Overall})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// send accepts requests one after the other and adds up the receipts.
func send(t *testing.T, l *whole, requests [][]*odds.Batch) (sum ingest.Receipt) {
	t.Helper()
	for _, batches := range requests {
		got, err := l.Accept(t.Context(), batches)
		if err != nil {
			t.Fatal(err)
		}
		sum.Accepted += got.Accepted
		sum.Duplicates += got.Duplicates
		sum.Refused = append(sum.Refused, got.Refused...)
	}
	return sum
}

// onLoop runs f on the loop's goroutine.
func onLoop(t *testing.T, l *whole, f func()) {
	t.Helper()
	if _, err := ask(t.Context(), l.calls, func() int { f(); return 0 }); err != nil {
		t.Fatal(err)
	}
}

func clockAt(at odds.Time) func() time.Time {
	begin := time.Now() // of the bubble
	return func() time.Time { return at.Std().Add(time.Since(begin)) }
}

var errDisk = errors.New("no space left")
