package propagate_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain fixes the seed and number of the property tests; the flags still override them.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.seed": "20240101", "rapid.checks": "500"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
