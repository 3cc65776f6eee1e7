package catalog_test

import (
	"fmt"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// Two sources spell one match differently, and disagree about who is at home.
func ExampleCatalog_Resolve() {
	facts, err := catalog.Builtin()
	if err != nil {
		fmt.Println(err)
		return
	}
	c := catalog.New(facts, catalog.Options{})
	const start = odds.Time(1_786_038_000_000)
	for _, said := range []odds.Event{
		{ID: "a-1", Sport: "baseball", League: "mlb", Start: start, Home: "New York Yankees", Away: "Boston Red Sox"},
		{ID: "b-7", Sport: "baseball", League: "mlb", Start: start, Home: "Red Sox", Away: "NY Yankees"},
	} {
		m := c.Resolve(said.ID[:1], &said, start.Add(-3_600_000))
		fmt.Printf("%s is %s (%s), new %t, sides swapped %t\n", said.ID, m.Event.ID, m.Event.Title, m.Created, m.Swapped)
	}
	// Output:
	// a-1 is a-1 (Boston Red Sox @ New York Yankees), new true, sides swapped false
	// b-7 is a-1 (Boston Red Sox @ New York Yankees), new false, sides swapped true
}
