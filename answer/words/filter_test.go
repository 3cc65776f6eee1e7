package words

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"corrgraph/catalog"
)

// A filter that names nothing is an error that lists what there is.
func TestLeagueFilter(t *testing.T) {
	known := []catalog.League{
		{Sport: "baseball", Name: "mlb", Markets: []string{"h2h", "spreads", "totals"}},
		{Sport: "tennis", Markets: []string{"sets"}},
		{Sport: "soccer", Name: "epl", Markets: []string{"corners"}},
	}
	for name, c := range map[string]struct {
		ask  LeagueFilter
		says string // empty: no error
	}{
		"a sport":                    {LeagueFilter{Sport: "Baseball"}, ""},
		"a league":                   {LeagueFilter{Sport: "mlb", Market: "TOTALS"}, ""},
		"a league without name":      {LeagueFilter{Sport: "tennis", Market: "sets"}, ""},
		"sport and league":           {LeagueFilter{Sport: "soccer_epl", Market: "corners"}, ""},
		"no such league":             {LeagueFilter{Sport: "mlbb"}, `unknown sport or league "mlbb"; did you mean mlb? (known: baseball, baseball_mlb, epl, mlb, soccer, soccer_epl, tennis)`},
		"a trader's word":            {LeagueFilter{Market: "moneyline"}, `unknown market "moneyline"; did you mean h2h? (known: corners, h2h, sets, spreads, totals)`},
		"a word of three outcomes":   {LeagueFilter{Market: "1x2"}, `unknown market "1x2"; did you mean h2h? (known: corners, h2h, sets, spreads, totals)`},
		"a word with a blank":        {LeagueFilter{Market: "Run Line"}, `unknown market "Run Line"; did you mean spreads? (known: corners, h2h, sets, spreads, totals)`},
		"a market of another league": {LeagueFilter{Sport: "mlb", Market: "corners"}, `unknown market "corners" (known: h2h, spreads, totals)`},
	} {
		err := c.ask.Check(known)
		if c.says == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var wrong *Error
		if c.says != "" && (!errors.As(err, &wrong) || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.says) || wrong.Parameter == "" || wrong.Value == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (LeagueFilter{Sport: "mlb", Market: "h2h"}).Check(nil); err != nil {
		t.Errorf("nothing can be wrong where nothing is known yet: %v", err)
	}
}

func TestFilterErrorsAreBounded(t *testing.T) {
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf("market-%04d", i))
	}
	err := OneOf("market", "market", strings.Repeat("é", 5000), many)
	if err == nil || len(err.Error()) > 1000 || !strings.HasSuffix(err.Error(), "market-0039 and 960 more)") {
		t.Errorf("%d bytes: %.600v", len(err.Error()), err)
	}
}
