package answer

import (
	"errors"
	"strings"
	"testing"

	"corrgraph/catalog"
	"corrgraph/detect"
)

// A filter that names nothing is an error that lists what there is; one that names
// something without rows has an empty answer.
func TestFilters(t *testing.T) {
	d := newDesk()
	d.events = []catalog.Event{{ID: "m", Sport: "baseball", League: "mlb"}}
	events := func(sport string) func() error {
		return func() error {
			_, err := ListEvents(t.Context(), d, EventQuery{Sport: sport}, Names{}, noon)
			return err
		}
	}
	anomalies := func(kind string) func() error {
		return func() error {
			_, err := ListAnomalies(t.Context(), d, AnomalyQuery{Kind: kind}, Names{}, noon)
			return err
		}
	}
	for name, c := range map[string]struct {
		ask  func() error
		says string // empty: no error
	}{
		"events of a sport":           {events("mlb"), ""},
		"events of none":              {events("nhl"), `unknown sport or league "nhl" (known: baseball, baseball_mlb, mlb)`},
		"a kind without rows":         {anomalies("External"), ""},
		"a kind that is none":         {anomalies("arb"), `unknown kind of anomaly "arb"; did you mean arbitrage?`},
		"a kind with a letter missed": {anomalies("hiden_edge"), "did you mean hidden_edge?"},
	} {
		err := c.ask()
		if c.says == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var wrong *Error
		if c.says != "" && (!errors.As(err, &wrong) || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.says) || wrong.Parameter == "" || wrong.Value == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every kind of the rules is known.
func TestCheckKind(t *testing.T) {
	for _, r := range detect.Rules() {
		if err := CheckKind(r.Kind); err != nil {
			t.Error(err)
		}
	}
}
