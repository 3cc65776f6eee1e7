package main

import (
	"fmt"
	"strings"
	"testing"

	"corrgraph/proof/adversary/market"
)

// leadersJSON is an answer of leaders that lists the given families.
func leadersJSON(pairs ...string) string {
	return fmt.Sprintf(`{"as_of":"2026-06-01T18:00:00Z","pairs":[%s],"groups":[]}`, strings.Join(pairs, ","))
}

// led is a family with a leader: "ann>bob", its lag interval in ms and further members.
func led(who string, confidence float64, low, high int, more string) string {
	a, b, _ := strings.Cut(who, ">")
	return fmt.Sprintf(`{"leader":%q,"follower":%q,"lag_ms":%d,"lag_low_ms":%d,"lag_high_ms":%d,"confidence":%g,"discovered":true,"simultaneous":false,"copied":false%s}`,
		a, b, (low+high)/2, low, high, confidence, more)
}

// joined is a family without a leader.
func joined(who string, more string) string {
	return strings.Replace(led(who, 1, 0, 60_000, more), `"simultaneous":false`, `"simultaneous":true`, 1)
}

const nobody = `{"anomalies":[]}`

// verdictOn judges hand-made answers by the last look at a market.
func verdictOn(t *testing.T, name, leaders, anomalies, card string) result {
	t.Helper()
	for _, m := range market.List() {
		if m.Name != name {
			continue
		}
		a, err := decode([]byte(leaders), []byte(anomalies), []byte(card), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		var r result
		r.take(judge(&m, &m.Looks[len(m.Looks)-1], a, nil))
		return r
	}
	t.Fatalf("there is no market %q", name)
	return result{}
}

func TestTheJudgeCondemnsWhatIsWrongAndAcceptsWhatIsRight(t *testing.T) {
	const pollLag = 120_000
	chain := []string{led("ann>bob", 1, 3400, 4600, ""), led("bob>cat", 1, 5000, 6900, "")}
	slow := led("lead>slow", 1, 5100, 6900, "")
	fast := []string{led("fast>slow", 0.99, 0, pollLag, ""), joined("even>fast", "")}
	ages := []string{joined("ann>bob", "")}
	ahead := []string{led("good>slow", 1, 5000, 6900, ""), joined("good>skewed", `,"clock_skew":true`)}
	for name, c := range map[string]struct {
		market string
		pairs  []string
		want   verdict
		why    string
	}{
		"lead found":               {"lag wanders", []string{led("ann>bob", 1, 2500, 4800, "")}, right, ""},
		"lead found, changing":     {"lag wanders", []string{led("ann>bob", 1, 2500, 4800, `,"changing":true`)}, right, ""},
		"lead reversed":            {"lag wanders", []string{led("bob>ann", 1, 2500, 4800, "")}, wrong, "ann leads"},
		"lag that was not planted": {"lag wanders", []string{led("ann>bob", 1, 40_000, 50_000, "")}, wrong, "the lag is 2 to 30 s"},
		"lead in doubt":            {"lag wanders", []string{led("bob>ann", 0.6, 2500, 4800, "")}, cantTell, "in doubt"},
		"no direction":             {"lag wanders", []string{joined("ann>bob", "")}, cantTell, "ann leads"},
		"nothing":                  {"lag wanders", nil, cantTell, "a link is there"},
		"below the floor":          {"lag wanders", []string{led("bob>ann", 1, 2500, 4800, `,"below_floor":true`)}, cantTell, "a link is there"},
		"lost":                     {"lag wanders", []string{led("ann>bob", 1, 2500, 4800, `,"leader_lost":"2026-06-01T18:00:00Z"`)}, cantTell, "a leader of its own"},
		"not discovered":           {"lag wanders", []string{strings.Replace(led("bob>ann", 1, 2500, 4800, ""), `"discovered":true`, `"discovered":false`, 1)}, cantTell, ""},

		"old leader":            {"leader swaps", []string{led("ann>bob", 1, 4200, 5900, "")}, wrong, "no change is told"},
		"old leader, changing":  {"leader swaps", []string{led("ann>bob", 1, 4200, 5900, `,"changing":true`)}, right, ""},
		"lost leader":           {"leader swaps", []string{joined("ann>bob", `,"leader_lost":true`)}, right, ""},
		"new leader":            {"leader swaps", []string{led("bob>ann", 1, 4200, 5900, `,"leader_changed":true`)}, right, ""},
		"together after a swap": {"leader swaps", []string{joined("ann>bob", "")}, cantTell, "bob leads since half time"},

		"goals together":      {"goals for all", []string{joined("ann>bob", ""), joined("ann>cat", ""), joined("bob>cat", "")}, right, ""},
		"a leader of goals":   {"goals for all", []string{joined("ann>bob", ""), led("cat>ann", 0.7, 0, 500, ""), joined("bob>cat", "")}, wrong, "none of them leads"},
		"the consensus leads": {"thin, nothing there", []string{led("consensus>ann", 0.9, 0, 500, "")}, wrong, "nobody leads here"},
		"the consensus joins": {"thin, nothing there", []string{joined("consensus>ann", "")}, right, ""},
		"consensus and chain": {"chain", append(chain, led("ann>cat", 1, 9000, 11_000, `,"indirect":true`), led("consensus>cat", 0.9, 0, 500, "")), right, ""},
		"one pair not linked": {"goals for all", []string{joined("ann>bob", ""), joined("ann>cat", "")}, cantTell, "a link is there"},

		"chain whole":            {"chain", append(chain, led("ann>cat", 1, 9000, 11_000, `,"indirect":true`)), right, ""},
		"chain, a third lead":    {"chain", append(chain, led("ann>cat", 1, 9000, 11_000, `,"indirect":false`)), wrong, "only through bob, and not marked"},
		"chain, unmarked":        {"chain", append(chain, led("ann>cat", 1, 9000, 11_000, "")), wrong, "only through bob, and not marked"},
		"chain, can't tell":      {"chain", append(chain, led("ann>cat", 1, 9000, 11_000, `,"indirect":"can't tell"`)), cantTell, "it says so"},
		"chain, null":            {"chain", append(chain, led("ann>cat", 1, 9000, 11_000, `,"indirect":null`)), cantTell, "it says so"},
		"chain, by way of venue": {"chain", append(chain, led("ann>cat", 1, 9000, 11_000, `,"indirect":{"via":"bob"}`)), right, ""},
		"chain reversed":         {"chain", append(chain, led("cat>ann", 1, 9000, 11_000, "")), wrong, "ann moves first"},

		"stale, unmarked":  {"stale copy", []string{slow, led("old>slow", 1, 5100, 6900, "")}, wrong, "old only republishes, and is not marked"},
		"stale, marked":    {"stale copy", []string{slow, led("old>slow", 1, 5100, 6900, `,"stale_copy":true`)}, right, ""},
		"stale, in a list": {"stale copy", []string{slow, led("old>slow", 1, 5100, 6900, `,"reasons":["stale_copy"]`)}, right, ""},
		"stale, no alarm":  {"stale copy", []string{slow, led("old>slow", 1, 5100, 6900, `,"copied":true`)}, cantTell, "it is stale_copy"},
		"stale leads":      {"stale copy", []string{slow, led("old>lead", 1, 0, 20, "")}, wrong, "old republishes lead"},

		"skewed leads no one":  {"clock ahead", ahead, right, ""},
		"skewed, no alarm":     {"clock ahead", []string{ahead[0], joined("good>skewed", "")}, cantTell, "it is clock_skew"},
		"skewed follows":       {"clock ahead", append(ahead[:1:1], led("good>skewed", 1, 1800, 2200, `,"clock_skew":true`)), wrong, "none of them leads"},
		"skewed, in doubt":     {"clock ahead", append(ahead[:1:1], led("good>skewed", 0.6, 1800, 2200, `,"clock_skew":true`)), right, ""},
		"nothing of nothing":   {"thin, nothing there", nil, right, ""},
		"something of nothing": {"thin, nothing there", []string{joined("ann>eve", "")}, wrong, "nothing is there"},

		"poll, lead":           {"poll: lead of 20 s", fast, right, ""},
		"poll, together":       {"poll: lead of 20 s", []string{joined("fast>slow", ""), fast[1]}, cantTell, "fast leads"},
		"poll, three polls":    {"poll: lead of 20 s", []string{led("fast>slow", 1, 60_000, 180_000, ""), fast[1]}, wrong, "no lag above 120 s can be"},
		"poll, a false lead":   {"poll: lead of 20 s", []string{fast[0], led("even>fast", 1, 0, pollLag, "")}, wrong, "none of them leads"},
		"poll, first on feed":  {"poll: lead of 20 s", []string{led("fast>slow", 0.6, 0, pollLag, `,"first_on_feed":true`), fast[1]}, cantTell, "in doubt"},
		"ages, first on feed":  {"poll: ages, bare", append(ages, led("ann>late", 0.6, 0, pollLag, `,"first_on_feed":true`), led("bob>late", 0.55, 0, pollLag, "")), right, ""},
		"ages, taken for lead": {"poll: ages, bare", append(ages, led("ann>late", 0.61, 0, pollLag, `,"first_on_feed":true`), joined("bob>late", "")), wrong, "none of them leads"},
	} {
		t.Run(name, func(t *testing.T) {
			r := verdictOn(t, c.market, leadersJSON(c.pairs...), nobody, `{}`)
			if worst := r.worst(); r.Verdict != c.want || !strings.Contains(worst.Why, c.why) {
				t.Errorf("%s, because %+v; want %s, because %q", r.Verdict, worst, c.want, c.why)
			}
		})
	}
}

// TestForecastsThatFailNeedAnAlarm whatever the direction is worth: where they are worse than
// chance, and where they are much worse than at the look before.
func TestForecastsThatFailNeedAnAlarm(t *testing.T) {
	times := 300 // of comparison
	of := func(matured, hits int, high, base float64, more string) *answers {
		card := fmt.Sprintf(`{"families":[{"layer":1,"leader":"ann","follower":"bob","matured":%d,"hits":%d,"hit_high":%g,"base_rate":%g,"base_n":%d}]}`, matured, hits, high, base, times)
		a, err := decode([]byte(leadersJSON(led("ann>bob", 1, 19_000, 32_000, more))), []byte(nobody), []byte(card), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	const told = `,"changing":true`
	for name, c := range map[string]struct {
		before, now *answers
		want        verdict
	}{
		"worse than chance":          {nil, of(200, 4, 0.05, 0.07, ""), wrong},
		"worse than chance and told": {nil, of(200, 4, 0.05, 0.07, told), right},
		"perhaps worse than chance":  {nil, of(200, 4, 0.08, 0.07, ""), right},
		"few":                        {nil, of(20, 0, 0.05, 0.07, ""), right},
		"it was better":              {of(60, 20, 0.4, 0, ""), of(140, 22, 0.2, 0, ""), wrong},
		"it was better, and told":    {of(60, 20, 0.4, 0, ""), of(140, 22, 0.2, 0, told), right},
		"as before":                  {of(60, 20, 0.4, 0, ""), of(140, 44, 0.4, 0, ""), right},
		"few since then":             {of(60, 20, 0.4, 0, ""), of(80, 20, 0.4, 0, ""), right},
	} {
		var r result
		if r.take(forecasts(c.now, c.before)); r.Verdict != c.want {
			t.Errorf("%s: %+v, want %s", name, r.Claims, c.want)
		}
	}
	times = enough - 1
	var r result
	if r.take(forecasts(of(200, 4, 0.05, 1, ""), nil)); r.Verdict != right {
		t.Errorf("chance of too few comparison times: %+v", r.Claims)
	}
}

func TestArbitrageWithAStaleCopyIsAFalseAlarm(t *testing.T) {
	found := func(severity, more string) string {
		return fmt.Sprintf(`{"anomalies":[{"kind":"arbitrage","severity":%q,"nodes":["slow/m/h2h/home","old/m/h2h/away"]%s}]}`, severity, more)
	}
	pairs := leadersJSON(led("lead>slow", 1, 5100, 6900, ""))
	for name, c := range map[string]struct {
		anomalies string
		want      verdict
	}{
		"critical":      {found("CRITICAL", ""), wrong},
		"low":           {found("LOW", ""), cantTell},
		"suppressed":    {found("CRITICAL", `,"suppressed":"old prices"`), cantTell},
		"told in it":    {found("CRITICAL", `,"evidence":{"reasons":["stale_copy"],"source":"old"}`), right},
		"an alarm":      {`{"anomalies":[{"kind":"stale_copy","severity":"HIGH","nodes":["old/m/h2h/home"]}]}`, right},
		"another's":     {`{"anomalies":[{"kind":"stale_copy","severity":"HIGH","nodes":["slow/m/h2h/home"]}]}`, cantTell},
		"another alarm": {`{"anomalies":[{"kind":"outlier_quote","severity":"HIGH","nodes":["old/m/h2h/home"]}]}`, cantTell},
	} {
		if r := verdictOn(t, "stale copy", pairs, c.anomalies, `{}`); r.Verdict != c.want {
			t.Errorf("%s: %s, because %+v; want %s", name, r.Verdict, r.worst(), c.want)
		}
	}
}

// TestMarksOfASourceAreFound wherever an answer may put them.
func TestMarksOfASourceAreFound(t *testing.T) {
	for text, want := range map[string]bool{
		`{"clock_skew":["skewed"]}`:                                  true,
		`{"clock_skew":{"skewed":-1960}}`:                            true,
		`{"sources":[{"source":"skewed","clock_skew":true}]}`:        true,
		`{"sources":[{"name":"skewed","flags":["clock_skew"]}]}`:     true,
		`{"sources":{"skewed":{"clock_skew":true}}}`:                 true,
		`{"sources":{"skewed":"clock_skew"}}`:                        true,
		`{"clock_skew":["good"]}`:                                    false,
		`{"sources":[{"source":"skewed","clock_skew":false}]}`:       false,
		`{"sources":[{"source":"good","clock_skew":true},"skewed"]}`: false,
		`{"sources":{"skewed":{"clock_skew":0}}}`:                    false,
		`{}`: false,
	} {
		a, err := decode([]byte(text), []byte(`{}`), []byte(`{}`), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.marked(clockSkew, "skewed"); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
