package telemetry

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "write deploy/prometheus/metrics.md")

const (
	deploy   = "../../deploy/"
	runbooks = "../../docs/runbooks/"
)

// others are metrics of the runtime and the process that dashboards may use.
var others = []string{"go_goroutines", "process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes"}

// reference returns the page that lists every metric, for operators and for
// checking the expressions of alerts and dashboards.
func reference(t *testing.T) string {
	t.Helper()
	reg, _ := exercised(t)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	labels := described(reg)
	var b strings.Builder
	b.WriteString("# Metrics\n\nWhat `/metrics` serves, besides more of the Go runtime and the process. `go test ./server/telemetry -update` writes this page.\n\n")
	b.WriteString("| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range families {
		name := f.GetName()
		if strings.HasPrefix(name, prefix) || slices.Contains(others, name) {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, strings.ToLower(f.GetType().String()), strings.Join(labels[name], ", "), f.GetHelp())
		}
	}
	return b.String()
}

func TestReferenceListsEveryMetric(t *testing.T) {
	path, want := deploy+"prometheus/metrics.md", reference(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what is served (error %v): run go test ./server/telemetry -update", path, err)
	}
	for _, name := range others {
		if !strings.Contains(want, "`"+name+"`") {
			t.Errorf("%s is not served", name)
		}
	}
}

// rules is alerts.yml; a member that is missing here is a mistake there.
type rules struct {
	Groups []struct {
		Name  string
		Rules []alert
	}
}

type alert struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func strict(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	var r rules
	strict(t, deploy+"prometheus/alerts.yml", &r)
	for _, g := range r.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 20 {
		t.Fatalf("only %d alerts", len(all))
	}
	return all
}

func TestAlertsSayWhatToDo(t *testing.T) {
	linked := map[string]bool{}
	for _, a := range alerts(t) {
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s has the severity %q", a.Alert, a.Labels["severity"])
		}
		for _, name := range []string{"summary", "description"} {
			if said, err := filled(a.Annotations[name]); said == "" || err != nil {
				t.Errorf("%s has the %s %q, error %v", a.Alert, name, a.Annotations[name], err)
			}
		}
		if _, err := time.ParseDuration(a.For); a.For != "" && err != nil {
			t.Errorf("%s: %v", a.Alert, err)
		}
		if linked[a.Alert] {
			t.Errorf("two alerts are called %s", a.Alert)
		}
		linked[a.Alert] = true
		if got, err := filled(a.Annotations["runbook_url"]); got != pages+"/"+a.Alert+".md" || err != nil {
			t.Errorf("%s links to %q, error %v", a.Alert, got, err)
		}
		checkRunbook(t, a)
	}
	written, err := filepath.Glob(runbooks + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range written {
		if name := strings.TrimSuffix(filepath.Base(page), ".md"); !linked[name] && name != "gates" { // the gates link to those of the readiness gates
			t.Errorf("no alert links to %s", page)
		}
	}
}

// pages is where the runbooks are in these tests: the value of Prometheus' external label.
const pages = "https://runbooks.example"

// filled expands an annotation like Prometheus, with simplified functions.
func filled(text string) (string, error) {
	same := func(v float64) string { return fmt.Sprint(v) }
	funcs := template.FuncMap{"humanize": same, "humanizePercentage": same, "humanizeDuration": same}
	tmpl, err := template.New("annotation").Funcs(funcs).Parse("{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$value := .Value}}" + text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = tmpl.Execute(&b, map[string]any{"Labels": map[string]string{}, "ExternalLabels": map[string]string{"runbooks": pages}, "Value": 0.5})
	return b.String(), err
}

// checkRunbook requires all parts of a page, the rule's exact text, and valid
// links.
func checkRunbook(t *testing.T, a alert) {
	t.Helper()
	text, err := os.ReadFile(runbooks + a.Alert + ".md")
	if err != nil {
		t.Error(err)
		return
	}
	for _, part := range []string{"# " + a.Alert + "\n", "Severity " + a.Labels["severity"], a.Expr, "## Meaning\n", "## Impact\n", "## Look\n", "## Fix\n"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the page of %s has no %q", a.Alert, part)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(runbooks + m[1]); err != nil {
			t.Errorf("the page of %s links to %s: %v", a.Alert, m[1], err)
		}
	}
}

type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Templating    struct{ List []struct{ Name, Type string } }
	Panels        []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ UID string }
	Targets                  []struct {
		RefID, Expr string
		Datasource  struct{ UID string }
	}
}

// overlaps reports whether two panels overlap.
func (p panel) overlaps(o panel) bool {
	a, b := p.GridPos, o.GridPos
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func TestDashboards(t *testing.T) {
	paths, err := filepath.Glob(deploy + "grafana/*.json")
	if err != nil || len(paths) != 3 {
		t.Fatalf("dashboards %v, error %v", paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var d dashboard
			if err := json.Unmarshal(text, &d); err != nil {
				t.Fatal(err)
			}
			if d.UID+".json" != filepath.Base(path) || d.Title == "" || d.SchemaVersion < 36 {
				t.Errorf("dashboard %q, %q, schema %d", d.UID, d.Title, d.SchemaVersion)
			}
			if v := d.Templating.List; len(v) == 0 || v[0].Name != "datasource" || v[0].Type != "datasource" {
				t.Errorf("variables %v: want the data source first", v)
			}
			checkPanels(t, d.Panels)
		})
	}
}

func checkPanels(t *testing.T, panels []panel) {
	t.Helper()
	ids := map[int]bool{}
	for i, p := range panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X < 0 || p.GridPos.W < 1 || p.GridPos.X+p.GridPos.W > 24 || p.GridPos.H < 1 {
			t.Errorf("panel %d %q at %+v", p.ID, p.Title, p.GridPos)
		}
		ids[p.ID] = true
		for _, o := range panels[:i] {
			if p.overlaps(o) {
				t.Errorf("%q lies on %q", p.Title, o.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 || p.Description == "" {
			t.Errorf("%q has the source %q, %d queries, description %q", p.Title, p.Datasource.UID, len(p.Targets), p.Description)
		}
		for _, q := range p.Targets {
			if q.Datasource.UID != "${datasource}" || q.RefID == "" || !strings.Contains(q.Expr, "$instance") {
				t.Errorf("%q asks %+v", p.Title, q)
			}
		}
	}
}

// TestWhatIsAlertedOnIsServed looks only for names, in any text; the module tools
// parses the expressions with Prometheus' own parser.
func TestWhatIsAlertedOnIsServed(t *testing.T) {
	known, used := described(prometheusOf(exercised(t))), map[string]bool{}
	paths, err := filepath.Glob(deploy + "grafana/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, deploy+"prometheus/alerts.yml") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(prefix+`[a-z_]+`).FindAllString(string(text), -1) {
			base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			if _, ok := known[base]; !ok {
				t.Errorf("%s uses %s, which is not served", path, name)
			}
			used[base] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if strings.HasPrefix(name, prefix) && !used[name] {
			t.Errorf("%s is on no dashboard and in no alert", name)
		}
	}
}

func TestScrapeExample(t *testing.T) {
	var c struct {
		Global struct {
			Scrape   string            `yaml:"scrape_interval"`
			Evaluate string            `yaml:"evaluation_interval"`
			Labels   map[string]string `yaml:"external_labels"`
		} `yaml:"global"`
		RuleFiles  []string       `yaml:"rule_files"`
		Storage    map[string]any `yaml:"storage"`
		ScrapeJobs []struct {
			Job           string            `yaml:"job_name"`
			Scheme        string            `yaml:"scheme"`
			Authorization map[string]string `yaml:"authorization"`
			Static        []struct {
				Targets []string          `yaml:"targets"`
				Labels  map[string]string `yaml:"labels"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	strict(t, deploy+"prometheus/prometheus.yml", &c)
	if len(c.ScrapeJobs) != 1 || c.ScrapeJobs[0].Job != "corrgraph" || !slices.Equal(c.RuleFiles, []string{"alerts.yml"}) || len(c.ScrapeJobs[0].Static) != 2 || c.Global.Labels["runbooks"] == "" {
		t.Errorf("config %+v", c)
	}
}
