package drill_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"corrgraph/feed"
	"corrgraph/feed/canonical"
	"corrgraph/odds"
	"corrgraph/proof/drill"
	"corrgraph/store"
	"corrgraph/store/sqlite"
	"corrgraph/ticklog"
)

// TestMain also serves as the server, if started as one.
func TestMain(m *testing.M) {
	if db := os.Getenv("DRILL_DOCTOR_DB"); db != "" {
		os.Exit(examine(db, os.Getenv("DRILL_DOCTOR_OUT")))
	}
	if db := os.Getenv("DRILL_SERVER_DB"); db != "" {
		fmt.Fprintln(os.Stderr, serve(os.Getenv("DRILL_SERVER_ADDR"), db, os.Getenv("DRILL_SERVER_FLAW")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// server keeps ticks in a real tick log, with a flaw if requested.
type server struct {
	mu   sync.Mutex
	st   *sqlite.Store
	enc  ticklog.Encoder
	seen map[string]bool
	n    int
	flaw string
}

func serve(addr, db, flaw string) error {
	ctx := context.Background()
	st, err := sqlite.Open(ctx, db, sqlite.Options{Create: true, Durable: true, Offline: true})
	if err != nil {
		return err
	}
	s := &server{st: st, seen: map[string]bool{}, flaw: flaw}
	found, err := st.Examine(ctx)
	if err != nil {
		return err
	}
	health := `[]`
	if len(found) > 0 {
		health = `["store: chunk: damaged"]`
	}
	for b, err := range ticklog.ByTimeAround(ctx, st.Log(), func(ticklog.Damage) { health = `["store: chunk: damaged"]` }) {
		if err != nil {
			return err
		}
		s.seen[key(b)] = true
	}
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"reasons":%s}`, health) })
	http.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("POST /v1/ticks", s.take)
	http.HandleFunc("POST /v1/reviews", func(w http.ResponseWriter, r *http.Request) {
		if _, err := st.AddReview(ctx, store.Review{Action: "verdict", Note: "seen"}); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	return http.ListenAndServe(addr, nil)
}

func key(b *odds.Batch) string { return fmt.Sprint(b.At, b.Updates[0].Event.ID) }

func (s *server) take(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fresh []*odds.Batch
	accepted, known := 0, 0
	err := canonical.New(canonical.Options{}).Parse(r.Context(), "", r.Body, func(b *odds.Batch) error {
		if s.seen[key(b)] && s.flaw != "doubles" {
			known += b.Quotes()
			return nil
		}
		s.seen[key(b)] = true
		accepted += b.Quotes()
		fresh = append(fresh, b)
		return nil
	}, &feed.Report{})
	if s.n++; len(fresh) > 0 && err == nil && !(s.flaw == "loses" && s.n == 1) {
		_, err = s.st.Log().Append(context.Background(), s.enc.Pack(fresh))
	}
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if s.n%2 == 0 && s.flaw != "steady" {
		panic(http.ErrAbortHandler) // logged, but not acknowledged
	}
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]int{"accepted": accepted, "duplicates": known})
}

func kill(t *testing.T, flaw string) *drill.KillReport {
	t.Helper()
	db := filepath.Join(t.TempDir(), "drill.db")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, err := drill.Kill(t.Context(), drill.KillOptions{
		DB: db, Runs: 3, Connections: 3, Ticks: 6, Longest: 300 * time.Millisecond,
		Command: func(ctx context.Context, addr string) *exec.Cmd {
			c := exec.CommandContext(ctx, exe)
			c.Env = append(os.Environ(), "DRILL_SERVER_DB="+db, "DRILL_SERVER_ADDR="+addr, "DRILL_SERVER_FLAW="+flaw)
			return c
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKillOfASoundServer(t *testing.T) {
	r := kill(t, "")
	if !r.Kept || r.Acknowledged == 0 || r.Lost+r.Doubled+r.Strange+r.Unanswered != 0 || r.Logged != r.Acknowledged || len(r.RecoveriesMs) != 4 {
		t.Errorf("%+v", r)
	}
	if r.Sent <= r.Requests {
		t.Errorf("%d requests were sent %d times: none was sent again", r.Requests, r.Sent)
	}
}

func TestKillFindsLostAndDoubledTicks(t *testing.T) {
	if r := kill(t, "loses"); r.Kept || r.Lost == 0 {
		t.Errorf("loses: %+v", r.Tally)
	}
	if r := kill(t, "doubles"); r.Kept || r.Doubled == 0 {
		t.Errorf("doubles: %+v", r.Tally)
	}
}

func TestKillSaysWhyAServerDoesNotStart(t *testing.T) {
	o := drill.KillOptions{DB: filepath.Join(t.TempDir(), "x.db"), Command: func(ctx context.Context, _ string) *exec.Cmd {
		return exec.CommandContext(ctx, os.Args[0], "-no-such-flag")
	}}
	if _, err := drill.Kill(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Error(err)
	}
	o.DB = os.Args[0]
	if _, err := drill.Kill(t.Context(), o); !errors.Is(err, drill.ErrOptions) {
		t.Error(err)
	}
}
