package drill_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"corrgraph/proof/drill"
	"corrgraph/store/sqlite/doctor"
)

// examine is corrgraph doctor.
func examine(db, out string) (code int) {
	r, err := doctor.Examine(context.Background(), db)
	if err == nil && out != "" {
		err = r.Save(context.Background(), out)
	}
	if err != nil {
		return 1
	}
	if r.Err() != nil {
		return 3
	}
	return 0
}

func TestFlippedBitsOfASoundStoreAreTold(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := func(ctx context.Context, env ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, exe)
		c.Env = append(os.Environ(), env...)
		return c
	}
	r, err := drill.Flip(t.Context(), drill.FlipOptions{
		Dir: t.TempDir(), Runs: 6, Requests: 10,
		Serve: func(ctx context.Context, addr, db string) *exec.Cmd {
			return command(ctx, "DRILL_SERVER_DB="+db, "DRILL_SERVER_ADDR="+addr, "DRILL_SERVER_FLAW=steady")
		},
		Doctor: func(ctx context.Context, db, out string) *exec.Cmd {
			return command(ctx, "DRILL_DOCTOR_DB="+db, "DRILL_DOCTOR_OUT="+out)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Kept || r.Acknowledged != 200 || r.Told+r.Harmless != 6 {
		t.Error(r.Sentence(), r.Silent)
	}
}

func TestFlipNeedsCommands(t *testing.T) {
	if _, err := drill.Flip(t.Context(), drill.FlipOptions{}); !errors.Is(err, drill.ErrOptions) {
		t.Error(err)
	}
}
