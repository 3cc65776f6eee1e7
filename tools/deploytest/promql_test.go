package deploytest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v4"
)

const deploy = "../../deploy/"

// target are the labels that scraping adds: see deploy/prometheus/prometheus.yml.
var target = []string{"job", "instance", "environment"}

// served maps each metric of the reference page to its labels.
func served(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile(deploy + "prometheus/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{"up": nil}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\| ([^|]*) \\|").FindAllStringSubmatch(string(page), -1) {
		labels := strings.FieldsFunc(m[3], func(c rune) bool { return c == ',' || c == ' ' })
		if m[2] != "histogram" {
			found[m[1]] = labels
			continue
		}
		found[m[1]+"_bucket"] = append(labels, "le")
		found[m[1]+"_sum"], found[m[1]+"_count"] = labels, labels
	}
	if len(found) < 50 {
		t.Fatalf("the reference page has %d metrics", len(found))
	}
	return found
}

// expressions returns those of all alerts and dashboards, by location.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	text, err := os.ReadFile(deploy + "prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			found[r.Alert] = r.Expr
		}
	}
	paths, err := filepath.Glob(deploy + "grafana/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		addQueries(t, path, found)
	}
	if len(found) < 60 {
		t.Fatalf("only %d expressions", len(found))
	}
	return found
}

// addQueries adds those of a dashboard, with Grafana's interval filled in.
func addQueries(t *testing.T, path string, to map[string]string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			to[filepath.Base(path)+": "+p.Title+" "+q.RefID] = strings.ReplaceAll(q.Expr, "$__rate_interval", "5m")
		}
	}
}

func TestExpressionsParseAndAskForWhatIsServed(t *testing.T) {
	metrics, p := served(t), parser.NewParser(parser.Options{})
	for where, text := range expressions(t) {
		expr, err := p.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v in %s", where, err, text)
			continue
		}
		for _, fault := range faults(expr, metrics) {
			t.Errorf("%s: %s in %s", where, fault, text)
		}
	}
}

// faults lists unknown metrics, and unknown labels of known ones, in an expression.
func faults(expr parser.Expr, metrics map[string][]string) (found []string) {
	known := slices.Clone(target)
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		labels, ok := metrics[v.Name]
		if !ok {
			found = append(found, "unknown metric "+v.Name)
		}
		known = append(known, labels...)
		for _, m := range v.LabelMatchers {
			if m.Name != "__name__" && !slices.Contains(labels, m.Name) && !slices.Contains(target, m.Name) {
				found = append(found, v.Name+" has no label "+m.Name)
			}
		}
		return nil
	})
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if a, ok := n.(*parser.AggregateExpr); ok {
			for _, l := range a.Grouping {
				if !slices.Contains(known, l) {
					found = append(found, "nothing has the label "+l)
				}
			}
		}
		return nil
	})
	return found
}

func TestFaultsAreFound(t *testing.T) {
	metrics := map[string][]string{"a_total": {"layer"}}
	for text, want := range map[string]int{
		`sum by (layer) (rate(a_total{instance="x"}[5m]))`: 0,
		`rate(b_total[5m])`:                  1,
		`rate(a_total{team="x"}[5m])`:        1,
		`sum by (team) (rate(a_total[5m]))`:  1,
		`sum by (team) (b_total{layer="1"})`: 3,
	} {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := faults(expr, metrics); len(got) != want {
			t.Errorf("%s: found %q, want %d", text, got, want)
		}
	}
}
