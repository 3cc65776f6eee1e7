package paths_test

import (
	"fmt"

	"corrgraph/leadlag/paths"
)

// Two paths that share no tick: b makes every move of a two seconds later.
func ExampleHayashiYoshida() {
	var a, b paths.Path
	value := 0.0
	for i, move := range []float64{1, -1, 1, 1, -1, 1, -1, -1, 1, -1, 1, 1} {
		value += move
		at := int64(10_000*i + 900*(i%3))
		a.T, a.V = append(a.T, at), append(a.V, value)
		b.T, b.V = append(b.T, at+2_000), append(b.V, value/2)
	}
	c := paths.HayashiYoshida(a, b, []int64{-4000, -2000, 0, 2000, 4000})
	fmt.Printf("a leads b by %d ms, correlation %.2f, beta %.2f\n", c.BestLag, c.BestRho, c.Beta)
	// Output: a leads b by 2000 ms, correlation 1.00, beta 0.50
}
