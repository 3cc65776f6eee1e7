package instance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"corrgraph/store"
	"corrgraph/store/sqlite/db"
)

// health returns the reasons that health gives.
func (r *running) health() (status string, reasons string) {
	r.t.Helper()
	_, body := r.get("/healthz", "")
	var h struct {
		Status  string
		Reasons []string
	}
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		r.t.Fatal(err)
	}
	return h.Status, strings.Join(h.Reasons, "; ")
}

func TestADamagedChunkIsNamedAndTheRestServed(t *testing.T) {
	c := settings(t)
	first := start(t, c)
	all := strings.SplitAfter(ticks(20), "\n")
	for _, body := range []string{strings.Join(all[:40], ""), strings.Join(all[40:], "")} {
		first.send(body, "")
	}
	first.stop()
	conn, err := db.OpenConn(c.Store.Path, "mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(conn.Script(t.Context(), "UPDATE tick_log SET payload = substr(payload, 1, length(payload) - 1) WHERE seq = 2"), conn.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a restart still knows
		r := start(t, c)
		if status, why := r.health(); status != "DEGRADED" || !strings.Contains(why, "chunk") || !strings.Contains(why, "(1/2): 40 quotes") {
			t.Errorf("%s: %s", status, why)
		}
		r.until("the other chunk is served", func() bool { return r.service.State().Counts.Quotes >= 40 })
		r.stop()
	}
	r := start(t, c)
	defer r.stop()
	if n, again := r.send(strings.Join(all[40:], ""), ""); n != 40 || again != 0 {
		t.Errorf("what was lost is sent again: %d accepted, %d duplicates", n, again)
	}
}

// TestAGapBeforeTheCheckpointIsFoundBesideTheService, and so is a damaged chunk: a start reads what comes after it only.
func TestAGapBeforeTheCheckpointIsFoundBesideTheService(t *testing.T) {
	c := settings(t)
	first := start(t, c)
	for line := range strings.SplitAfterSeq(strings.TrimSpace(ticks(6)), "\n") {
		first.send(line, "")
	}
	first.stop()
	conn, err := db.OpenConn(c.Store.Path, "mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(conn.Script(t.Context(), "DELETE FROM tick_log WHERE seq = 2; UPDATE tick_log SET payload = substr(payload, 1, length(payload) - 1) WHERE seq = 4"), conn.Close()); err != nil {
		t.Fatal(err)
	}
	r := start(t, c)
	defer r.stop()
	if got := r.keeper.Status().Started; !strings.HasPrefix(got, "the checkpoint") {
		t.Errorf("started from %s", got)
	}
	r.until("health tells of the gap", func() bool {
		status, why := r.health()
		return status == "DEGRADED" && strings.Contains(why, "gap") && strings.Contains(why, "after 1/1 comes 1/3")
	})
	r.until("health tells of the damaged chunk", func() bool {
		_, why := r.health()
		return strings.Contains(why, "chunk: tick_log") && strings.Contains(why, "(1/4)")
	})
}

func TestAWALThatGoesShowsWithoutATick(t *testing.T) {
	c := settings(t)
	r := start(t, c)
	defer func() {
		r.end()
		if err := <-r.out; !errors.Is(err, store.ErrReplaced) {
			t.Errorf("it ends with %v", err)
		}
	}()
	r.send(ticks(3), "")
	if err := os.Remove(c.Store.Path + "-wal"); err != nil {
		t.Fatal(err)
	}
	r.until("health tells of it", func() bool {
		_, why := r.health()
		return strings.Contains(why, "tick log: ") && strings.Contains(why, "removed, replaced or cut")
	})
	now := time.Now().UTC().Format(time.RFC3339Nano)
	body := fmt.Sprintf(`{"ts_source":%q,"bookmaker":"lead","event_id":"a/b@c","sport":"tennis","home":"A","away":"B","market":"h2h","selection":"home","price":2.9}`, now)
	if code, answer, _ := r.ask("POST", "/v1/ticks", "", body); code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", code, answer)
	}
}

func TestAKeyThatEverybodyMayReadIsRefused(t *testing.T) {
	path := t.TempDir() + "/key"
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o602: true} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		if got := openToAll(path) != 0; got != want {
			t.Errorf("%v: open to all %v", mode, got)
		}
	}
}
