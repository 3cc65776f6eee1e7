package bench

import (
	"context"
	"fmt"
	"os"
	"testing"
)

func TestZP(t *testing.T) {
	if os.Getenv("ZP") == "" {
		t.Skip()
	}
	p, err := scalePoint(context.Background(), 10_000)
	fmt.Printf("%+v %v\n", p, err)
}
