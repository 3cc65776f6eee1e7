package bench

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"testing"
)

func TestZZ(t *testing.T) {
	if os.Getenv("ZZ") == "" {
		t.Skip()
	}
	rows, err := Run(context.Background(), regexp.MustCompile(os.Getenv("ZZ")))
	for _, r := range rows {
		fmt.Printf("%-32s n %-9d min %10.4f p50 %10.4f p99 %10.4f allocs %6.2f  %s\n", r.Name, r.N, r.MinUs, r.P50Us, r.P99Us, r.AllocsPerOp, r.Note)
	}
	fmt.Println(err)
}

func TestZS(t *testing.T) {
	if os.Getenv("ZS") == "" {
		t.Skip()
	}
	sizes := []int{1000, 10_000}
	if os.Getenv("ZS") == "2" {
		sizes = []int{1000, 10_000, 100_000, 1_000_000}
	}
	p, x, err := Scaling(context.Background(), sizes)
	for _, q := range p {
		fmt.Printf("%+v\n", q)
	}
	fmt.Println(x, err)
}
