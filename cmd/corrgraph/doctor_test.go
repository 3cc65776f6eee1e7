package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"corrgraph/odds"
	"corrgraph/store/sqlite"
	"corrgraph/store/sqlite/db"
	"corrgraph/store/sqlite/doctor"
	"corrgraph/ticklog"
)

func TestDoctorSaysWhatIsWrongAndSavesTheRest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	st, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	var enc ticklog.Encoder
	for at := odds.Time(1); at <= 3; at++ {
		if _, err := st.Log().Append(t.Context(), enc.Pack([]*odds.Batch{{Source: "poll", At: at, Recv: at}})); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if r := must(t, "doctor", "--db", path); !strings.Contains(r.out, "nothing is wrong") {
		t.Errorf("%q", r.out)
	}
	c, err := db.OpenConn(path, "mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Script(t.Context(), "UPDATE tick_log SET payload = substr(payload, 1, 9) WHERE seq = 2"), c.Close()); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "saved.db")
	r := call(t, "", "doctor", "--db", path, "--salvage", out, "--json")
	var report doctor.Report
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != codeData || report.Salvage == nil || report.Salvage.Chunks != 2 || len(report.Salvage.Lost) != 1 {
		t.Errorf("exit %d, %q, %v", r.code, r.out, err)
	}
	if r := must(t, "doctor", "--db", out); !strings.Contains(r.out, "nothing is wrong") {
		t.Errorf("what was saved: %q", r.out)
	}
	if r := call(t, "", "doctor", "--db", path); r.code != codeData || !strings.Contains(r.out, "HARM  chunk: tick_log: chunk") {
		t.Errorf("exit %d, %q", r.code, r.out)
	}
	if r := call(t, "", "doctor", "--db", path+".none"); r.code != codeFailed {
		t.Errorf("no store: exit %d", r.code)
	}
	if r := call(t, "", "replay", "--db", path, "-"); r.code != codeData {
		t.Errorf("replay over damage: exit %d, %q", r.code, r.errors)
	}
}
