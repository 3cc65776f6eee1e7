package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionOf(t *testing.T) {
	tagged := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-29T06:52:29Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		want []string
	}{
		"from git":    {tagged, []string{"corrgraph v1.2.3\n", "commit abc of 2026-11-29T06:52:29Z, with uncommitted changes\n", "dashboard not in this build; `make build`"}},
		"without git": {&debug.BuildInfo{}, []string{"corrgraph (devel)\n", "commit unknown"}},
		"no modules":  {nil, []string{"corrgraph (devel)\n", "commit unknown"}},
	} {
		v := versionOf(c.info)
		for _, want := range c.want {
			if got := v.text(); !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", name, got, want)
			}
		}
	}
}

func TestVersionFlagAndCommandSayTheSame(t *testing.T) {
	if flag, command := must(t, "--version").out, must(t, "version").out; flag != command || strings.Count(flag, "\n") != 4 {
		t.Errorf("--version says %q, version says %q", flag, command)
	}
}
