package odds_test

import (
	"fmt"

	"corrgraph/odds"
)

// A margin of six points over three outcomes: Shin's method takes more of it from the long
// shot than the multiplicative one.
func ExampleDevig() {
	prices := []odds.Odds{1.50, 4.20, 6.50}
	for _, m := range []odds.Method{odds.Multiplicative, odds.Shin} {
		r, err := odds.Devig(m, prices, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %.3f, margin %.3f\n", r.Method, r.Probs, r.Overround)
	}
	// Output:
	// multiplicative: [0.630 0.225 0.145], margin 0.059
	// shin: [0.643 0.220 0.137], margin 0.059
}

// One price in five notations, and its log-odds.
func ExampleParse() {
	for _, quoted := range []struct {
		text string
		in   odds.Notation
	}{{"2.50", odds.InDecimal}, {"+150", odds.InAmerican}, {"3/2", odds.InFractional}} {
		o, err := odds.Parse(quoted.text, quoted.in)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: decimal %.2f, probability %.2f, log-odds %.3f\n", quoted.text, o, o.Prob(), o.LogOdds())
	}
	// Output:
	// 2.50: decimal 2.50, probability 0.40, log-odds -0.405
	// +150: decimal 2.50, probability 0.40, log-odds -0.405
	// 3/2: decimal 2.50, probability 0.40, log-odds -0.405
}
