package logtest

import (
	"errors"
	"testing"

	"corrgraph/ticklog"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	Run(t, func(*testing.T) (ticklog.Log, func() ticklog.Log) { return &Memory{}, nil })
}

func TestMemoryFailsWhenAsked(t *testing.T) {
	want := errors.New("no room")
	m := &Memory{Fail: func() error { return want }}
	if _, err := m.Append(t.Context(), pack(1, 1, "s")); !errors.Is(err, want) {
		t.Error(err)
	}
	if last, _ := m.Last(t.Context()); last != 0 {
		t.Errorf("a chunk is there at %d", last)
	}
}
