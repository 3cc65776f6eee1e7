package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corrgraph/proof/readiness"
	"corrgraph/server/service"
	"corrgraph/store"
)

const week = 7 * 24 * time.Hour

func TestReadinessIsKeptInTheStore(t *testing.T) {
	db := filepath.Join(t.TempDir(), "s.db")
	flags := matrixFlags{DB: db, MaxAge: week}
	for _, want := range []string{"21 gates created, pending; 0 existed", "0 gates created, pending; 21 existed"} {
		a, out := quiet(false)
		if err := (&readinessInitCmd{flags}).Run(t.Context(), a); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("init: %v, %s", err, out)
		}
	}
	// A gate that needs no instance.
	a, _ := quiet(false)
	run := &readinessRunCmd{matrixFlags: flags, Only: []string{"sql_compliance"}}
	if err := run.Run(t.Context(), a); exitCode(t.Context(), err) != codeNotReady {
		t.Errorf("run: %v", err)
	}
	a, out := quiet(true)
	if err := (&readinessShowCmd{matrixFlags: flags}).Run(t.Context(), a); exitCode(t.Context(), err) != codeNotReady {
		t.Errorf("show: %v", err)
	}
	var r service.Readiness
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Passed != 1 || r.Pending != 20 || r.Authorised {
		t.Errorf("%v: %s", err, out)
	}
}

func TestReadinessOfAStoreInUse(t *testing.T) {
	db := filepath.Join(t.TempDir(), "s.db")
	newStore(t, db)
	a, _ := quiet(false)
	err := (&readinessInitCmd{matrixFlags{DB: db, MaxAge: week}}).Run(t.Context(), a)
	if exitCode(t.Context(), err) != codeFailed || !strings.Contains(err.Error(), "--url") {
		t.Errorf("%v", err)
	}
}

// recorder is the readiness route of a service.
type recorder struct {
	t    *testing.T
	held map[string]store.Check
}

func (s *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/readiness" || r.Header.Get("Authorization") != "Bearer secret" {
		http.Error(w, `{"detail":"no"}`, http.StatusForbidden)
		return
	}
	if r.Method == http.MethodPost {
		var in struct {
			Gates []service.Gate `json:"gates"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			s.t.Error(err)
		}
		for i := range in.Gates {
			c, err := in.Gates[i].Check()
			if err != nil {
				s.t.Error(err)
			}
			s.held[c.Name] = c
		}
	}
	var all []store.Check
	for _, c := range s.held {
		all = append(all, c)
	}
	if err := json.NewEncoder(w).Encode(service.NewReadiness(all)); err != nil {
		s.t.Error(err)
	}
}

func TestReadinessIsSentToAService(t *testing.T) {
	s := &recorder{t, map[string]store.Check{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := matrixFlags{URL: server.URL + "/", TokenFile: file, MaxAge: week}
	a, out := quiet(false)
	if err := (&readinessInitCmd{flags}).Run(t.Context(), a); err != nil || len(s.held) != 21 {
		t.Fatalf("init: %v, %d rows", err, len(s.held))
	}
	for name, c := range s.held {
		c.Status, c.LastChecked = readiness.Pass, 1_000
		s.held[name] = c
	}
	// They passed, but in 1970.
	if err := (&readinessShowCmd{matrixFlags: flags}).Run(t.Context(), a); exitCode(t.Context(), err) != codeNotReady {
		t.Errorf("old ones: %v\n%s", err, out)
	}
	flags.MaxAge = 200 * 365 * 24 * time.Hour
	if err := (&readinessShowCmd{matrixFlags: flags}).Run(t.Context(), a); err != nil || !strings.Contains(out.String(), "production is authorised") {
		t.Errorf("young ones: %v\n%s", err, out)
	}
	flags.TokenFile = ""
	if err := (&readinessInitCmd{flags}).Run(t.Context(), a); exitCode(t.Context(), err) != codeFailed {
		t.Errorf("without a token: %v", err)
	}
}

func TestReadinessFlags(t *testing.T) {
	for name, c := range map[string]interface{ Validate() error }{
		"no load":  &readinessRunCmd{LoadDuration: time.Second, Kills: 1, Requests: 2000},
		"no time":  &readinessRunCmd{LoadRPS: 1, Kills: 1, Requests: 2000},
		"no kills": &readinessRunCmd{LoadRPS: 1, LoadDuration: time.Second, Requests: 2000},
		"too few":  &readinessRunCmd{LoadRPS: 1, LoadDuration: time.Second, Kills: 1, Requests: 1999},
	} {
		if c.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	a, _ := quiet(false)
	for name, c := range map[string]*readinessRunCmd{
		"unknown gate":     {Only: []string{"no_such"}},
		"no age":           {},
		"a token for what": {matrixFlags: matrixFlags{MaxAge: week, TokenFile: "x"}},
	} {
		if err := c.Run(t.Context(), a); exitCode(t.Context(), err) != codeUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}
