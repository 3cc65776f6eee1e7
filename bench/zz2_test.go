package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
)

func TestZP(t *testing.T) {
	if os.Getenv("ZP") == "" {
		t.Skip()
	}
	p, err := scalePoint(context.Background(), func() int { n, _ := strconv.Atoi(os.Getenv("ZP")); return n }())
	fmt.Printf("%+v %v\n", p, err)
}
