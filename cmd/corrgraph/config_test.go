package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const deployed = "../../config/"

func TestConfigCheck(t *testing.T) {
	for _, name := range []string{"staging", "production"} {
		path := deployed + name + "/correlation-engine.yaml"
		for _, args := range [][]string{{path}, {"--config", path}, {"--config=" + path, "--set", "limits.client_rate=5/s", "--set", "chaos.schedule=[{fault: full-disk, duration: 5s}]"}} {
			if r := must(t, append([]string{"config", "check"}, args...)...); !strings.HasPrefix(r.out, "valid: ") {
				t.Errorf("%q: %s", args, r.out)
			}
		}
	}
	bad := file(t, "c.yaml", "limits:\n  client_rte: 5/s\nstream: {ring: x}\n")
	r := call(t, "", "config", "check", bad)
	if r.code != codeData || !strings.Contains(r.out, "c.yaml:2: limits.client_rte: unknown key; did you mean limits.client_rate?\n") ||
		!strings.Contains(r.out, "stream.ring: ") || !strings.Contains(r.errors, "2 errors") {
		t.Errorf("%+v", r)
	}
	r = call(t, "", "--json", "config", "check", bad)
	var answer struct {
		Valid    bool
		Problems []struct{ Key, Where, Text string }
	}
	if err := json.Unmarshal([]byte(r.out), &answer); err != nil || answer.Valid || len(answer.Problems) != 2 || answer.Problems[0].Key != "limits.client_rte" || r.code != codeData {
		t.Errorf("%v: %+v", err, r)
	}
	for _, c := range []struct {
		code int
		args []string
	}{
		{codeFailed, []string{"config", "check", bad + ".none"}},
		{codeFailed, []string{"config", "check", t.TempDir()}},
		{codeUsage, []string{"config", "check", bad, "--config", bad}},
		{codeData, []string{"config", "check", "--set", "limits.client_rate"}},
		{codeData, []string{"config", "print", bad}},
		{codeUsage, []string{"config", "print", "--reference", "--json"}},
		{codeUsage, []string{"config"}},
	} {
		if r := call(t, "", c.args...); r.code != c.code || r.errors == "" {
			t.Errorf("%q: exit %d, want %d: %s", c.args, r.code, c.code, r.errors)
		}
	}
}

func TestConfigPrint(t *testing.T) {
	path := deployed + "staging/correlation-engine.yaml"
	t.Setenv("CORRGRAPH_WORKERS_PREDICTIONS", "2")
	r := must(t, "config", "print", path, "--set", "workers.graphs=3")
	for _, want := range []string{"graphs: 3 # flag --set\n", "predictions: 2 # env CORRGRAPH_WORKERS_PREDICTIONS\n", "graph_rate: 100/s # file " + path + ":", "delay: 5s # default\n"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in\n%s", want, r.out)
		}
	}
	if again := must(t, "config", "check", file(t, "printed.yaml", r.out)); !strings.HasPrefix(again.out, "valid") {
		t.Error(again.out)
	}
	var answer struct {
		Values []struct {
			Key, Source string
			Value       any
			Reload      bool
		}
	}
	if err := json.Unmarshal([]byte(must(t, "config", "print", "--json").out), &answer); err != nil {
		t.Fatal(err)
	}
	if v := answer.Values[0]; v.Key != "server.listen" || v.Value != "127.0.0.1:8080" || v.Source != "default" || v.Reload {
		t.Errorf("%+v", v)
	}
	if page := must(t, "config", "print", "--reference").out; !strings.HasPrefix(page, "# Configuration\n") {
		t.Errorf("%.80q", page)
	}
}
