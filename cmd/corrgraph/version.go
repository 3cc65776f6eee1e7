package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"corrgraph/server/telemetry"
	"corrgraph/store/sqlite"
	"corrgraph/web"
)

// The linker sets these (-X main.linkedVersion=…) in releases and in `make build`.
// If they are empty, the go command may have recorded the same.
var linkedVersion, linkedCommit, linkedDate string

type versionCmd struct{}

func (versionCmd) Help() string {
	return "Which build is this?\n\n    corrgraph version\n    corrgraph version --json" + codes
}

func (versionCmd) Run(a *app) error {
	v := thisVersion()
	return a.print(v, func(w io.Writer) error {
		_, err := io.WriteString(w, v.text())
		return err
	})
}

// version identifies a build.
type version struct {
	Version   string `json:"version"`            // vX.Y.Z, a pseudo-version between releases, or "(devel)"
	Revision  string `json:"revision,omitempty"` // the commit
	Date      string `json:"date,omitempty"`     // time of the commit, RFC 3339 in UTC
	Modified  bool   `json:"modified,omitempty"` // built with uncommitted changes on top of Revision
	Dashboard bool   `json:"dashboard"`          // the binary contains the pages
	Store     int    `json:"store_version"`
	Go        string `json:"go"`
	Platform  string `json:"platform"`
}

// thisVersion identifies the running binary.
func thisVersion() version {
	info, _ := debug.ReadBuildInfo() // nil: the binary was built without modules
	v := versionOf(info)
	if linkedVersion != "" {
		v.Version, v.Revision, v.Date = linkedVersion, linkedCommit, linkedDate
		v.Modified = strings.HasSuffix(linkedVersion, "+dirty")
	}
	v.Dashboard = web.Built()
	return v
}

// versionOf reads the build information of the go command; info may be nil.
func versionOf(info *debug.BuildInfo) version {
	v := version{Version: "(devel)", Store: sqlite.Version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Date = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// text formats the version for people.
func (v *version) text() string {
	commit := "commit unknown: built without git"
	if v.Revision != "" {
		commit = fmt.Sprintf("commit %s of %s", v.Revision, v.Date)
	}
	if v.Modified {
		commit += ", with uncommitted changes"
	}
	dashboard := "included"
	if !v.Dashboard {
		dashboard = "not in this build; `make build` includes it"
	}
	return fmt.Sprintf("corrgraph %s\n%s\n%s, %s, store version %d\ndashboard %s\n", v.Version, commit, v.Go, v.Platform, v.Store, dashboard)
}

// build returns the service's identity in metrics, traces and its API document.
func build() telemetry.Build {
	v := thisVersion()
	return telemetry.Build{Version: v.Version, Revision: v.Revision, Date: v.Date, GoVersion: v.Go}
}
