package betfair

import (
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"corrgraph/feed"
	format "corrgraph/feed/betfair"
	"corrgraph/odds"
	"corrgraph/proof/venue"
	"corrgraph/server/connect/betfair"
)

// recording returns the lines of one of the recordings that are kept beside the repository.
func recording(t *testing.T, name string) [][]byte {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../../shared/data/betfair-stream", name+".bz2"))
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skip("no recordings beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(bzip2.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(data), []byte("\n"))
}

// parsed returns what the parser of recordings makes of lines.
func parsed(t *testing.T, lines [][]byte) (bs []*odds.Batch) {
	t.Helper()
	err := format.New(format.Options{}).Parse(context.Background(), "x", bytes.NewReader(bytes.Join(lines, []byte("\n"))), func(b *odds.Batch) error {
		bs = append(bs, b)
		return nil
	}, new(feed.Report))
	if err != nil {
		t.Fatal(err)
	}
	return bs
}

// What a recorded stream says over TLS is what the parser says of its recording.
func TestRecordingsOverTheStream(t *testing.T) {
	for _, name := range []string{"1.197931750", "1.197931751", "1.200806927", "1.223716976", "1.223716981", "1.242971311", "BASIC-1.132153978"} {
		t.Run(name, func(t *testing.T) {
			lines := recording(t, name)
			want := parsed(t, lines)
			bubble(t, func(t *testing.T) {
				r := setUp(t, Options{Lines: lines, Pace: 10 * time.Millisecond})
				r.ahead = 30 * 365 * 24 * time.Hour // receipt is later than all the stamps
				r.run(betfair.Options{NoCatalogue: true, MarketTypes: []string{}})
				time.Sleep(time.Duration(len(lines))*10*time.Millisecond + 3*time.Second)
				s := r.connector.Status()
				delete(s.Unknown, "member change._stream_id") // of whoever recorded it
				if s.Sessions != 1 || s.Unread != 0 || len(s.Unknown) > 0 {
					t.Errorf("%+v", s)
				}
				r.end() // which tells that nothing is known any more, once
				got := r.batches
				if len(got) == len(want)+1 {
					got = got[:len(want)]
				}
				same(t, got, want, false)
				r.replayed()
			})
		})
	}
}

// An hour at ten times the rate of a busy day neither leaks nor loses.
func TestAnHourOfATenfoldRate(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	bubble(t, func(t *testing.T) {
		r := setUp(t, Options{Exchange: NewExchange(9, 40, time.Now()), Steps: 10, Pace: 200 * time.Millisecond})
		r.keep = false
		r.run(betfair.Options{MarketsEach: 20, Refresh: 20 * time.Minute})
		r.within(5*time.Second, "all markets are live", func() bool { return r.live() == 40 })
		time.Sleep(5 * time.Minute)
		goroutines, memory := runtime.NumGoroutine(), heap(r)
		for range 11 {
			time.Sleep(5 * time.Minute)
			r.server.Faults.Add(venue.Plan{Fault: venue.Cut, At: 100})
		}
		time.Sleep(3 * time.Minute) // what asked for the catalogue last is closed by now
		if n := runtime.NumGoroutine(); n > goroutines+3 {
			t.Errorf("%d goroutines, %d after five minutes", n, goroutines)
		}
		if m := heap(r); m > memory+8<<20 {
			t.Errorf("%d bytes, %d after five minutes", m, memory)
		}
		s := r.connector.Status()
		t.Logf("%d frames, %d quotes, %d sessions, %d goroutines, %d KB after %d KB", s.Frames, s.Quotes, s.Sessions, runtime.NumGoroutine(), heap(r)>>10, memory>>10)
		r.settled()
		r.finish()
	})
}

// heap is the memory in use, without the recording.
func heap(r *rig) int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) - int64(r.file.Cap())
}

// What is sent never holds a secret, and a recording names the venue.
func TestTheRecordingIsWhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := setUp(t, Options{Exchange: NewExchange(4, 2, time.Now())})
		r.run(betfair.Options{})
		time.Sleep(5 * time.Second)
		r.end()
		n, text := r.recorded()
		for _, want := range []string{
			`{"corrgraph_frames":"betfair","format":1}`, `"op":"connection"`, `"op":"authentication","id":1,"appKey":"***","session":"***"`,
			`"op":"marketSubscription"`, `"marketIds":["1.1001","1.1002"]`, `"segmentationEnabled":true`, `"channel":"catalogue"`, `"ct":"SUB_IMAGE"`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the recording does not have %s", want)
			}
		}
		if s := r.connector.Status(); int64(n) < s.Recorded {
			t.Errorf("%d lines of %d frames", n, s.Recorded)
		}
	})
}
