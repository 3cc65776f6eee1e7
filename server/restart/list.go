package restart

import (
	"errors"
	"time"

	"corrgraph/odds"
	"corrgraph/store/checkpoint"
	"corrgraph/ticklog"
)

// Checkpoint is one checkpoint of a store, as it is listed.
type Checkpoint struct {
	Path     string               `json:"path"`
	Bytes    int64                `json:"bytes"`
	Taken    time.Time            `json:"taken"`
	AsOf     odds.Time            `json:"as_of"`
	Position ticklog.Position     `json:"position"` // of the tick log
	State    string               `json:"state"`    // version
	Readable bool                 `json:"readable"` // this program reads states of that version
	Sections []checkpoint.Section `json:"sections"`
	Error    string               `json:"error,omitempty"` // what is wrong with it
}

// List lists the checkpoints in a folder, newest first; those without a manifest come last. whole
// has every byte of them read and compared with its checksum.
func List(dir string, whole bool) ([]Checkpoint, error) {
	all, err := checkpoint.List(dir)
	out := make([]Checkpoint, len(all))
	for i := range all {
		c := &all[i]
		if whole && c.Err == nil {
			c.Err = verify(c.Path)
		}
		out[i] = Checkpoint{Path: c.Path, Bytes: c.Bytes, Taken: c.Taken.Std().UTC(), AsOf: c.AsOf, Position: c.Position, State: c.State, Readable: c.Err == nil && c.State == Version, Sections: c.Sections}
		if c.Err != nil {
			out[i].Error = c.Err.Error()
		}
	}
	return out, err
}

// From is the position from which on a tick log is read at a start from any of the checkpoints in a
// folder; 0 if there are none that this program can read.
func From(dir string) (from ticklog.Position) {
	all, _ := checkpoint.List(dir) // without one the whole log is read
	for i := range all {
		if c := &all[i]; c.Err == nil && c.State == Version && (from == 0 || c.Position < from) {
			from = c.Position
		}
	}
	return from
}

func verify(path string) error {
	f, err := checkpoint.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Verify(), f.Close())
}

// Drop removes the checkpoints in a folder and returns how many.
func Drop(dir string) (int, error) { return checkpoint.Drop(dir) }
