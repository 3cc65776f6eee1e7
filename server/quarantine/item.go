package quarantine

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corrgraph/odds"
)

// Deaths is how often the process must die of a batch before it is put into quarantine.
const Deaths = 2

// ErrUnknown is returned by Retry for what is not in quarantine.
var ErrUnknown = errors.New("no such batch in quarantine")

// Item is a batch in quarantine, or one that is suspected.
type Item struct {
	ID     string    `json:"id"`     // of its content, 16 hexadecimal digits
	Engine string    `json:"engine"` // that was applying it: "telling" or "learning"
	Source string    `json:"source"` // at most 255 bytes of it
	At     odds.Time `json:"at"`     // event time
	Event  string    `json:"event"`  // the first one of it
	Market string    `json:"market"` // of the first update
	Quotes int       `json:"quotes"`
	Deaths int       `json:"deaths"` // of the process while it was being applied
	Why    string    `json:"why"`    // what happened last
	Since  time.Time `json:"since"`  // when that was noticed
	Held   bool      `json:"held"`   // in quarantine; else it is suspected
}

// id is the content that the ID states.
func (i *Item) id() (uint64, error) {
	b, err := hex.DecodeString(i.ID)
	if err != nil || len(b) != 8 {
		return 0, fmt.Errorf("id %q, want 16 hexadecimal digits", i.ID)
	}
	var id uint64
	for _, c := range b {
		id = id<<8 | uint64(c)
	}
	return id, nil
}

func hexID(id uint64) string { return fmt.Sprintf("%016x", id) }

// Folder is where the quarantine of a store is.
func Folder(store string) string { return store + ".quarantine" }

const (
	suffix     = ".json"
	making     = ".making-"
	unreadable = ".unreadable"
)

// path is where an item is. Each has a file of its own: no two processes change the same one.
func (i *Item) path(dir string) string { return filepath.Join(dir, i.ID+"-"+i.Engine+suffix) }

// write puts an item into its place, synced to disk.
func (i *Item) write(dir string) error {
	b, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	path := i.path(dir)
	temporary := filepath.Join(dir, making+filepath.Base(path))
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
	}
	return err
}

// List returns what is in a folder, oldest first; one that does not exist holds nothing. Files that
// can't be read are in err, beside all others.
func List(dir string) (out []Item, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), suffix) || strings.HasPrefix(e.Name(), making) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		i, readErr := read(path)
		if readErr != nil {
			err = errors.Join(err, &FileError{path, readErr})
			continue
		}
		out = append(out, i)
	}
	slices.SortStableFunc(out, func(a, b Item) int { return a.Since.Compare(b.Since) })
	return out, err
}

// FileError names a file that can't be read.
type FileError struct {
	Path string
	Err  error
}

// Error names the file and why it can't be read.
func (e *FileError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns why.
func (e *FileError) Unwrap() error { return e.Err }

func read(path string) (i Item, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return i, err
	}
	if err := json.Unmarshal(b, &i); err != nil {
		return i, err
	}
	if _, err := i.id(); err != nil {
		return i, err
	}
	if want := filepath.Base(i.path("")); want != filepath.Base(path) {
		return i, fmt.Errorf("it is about %s", want)
	}
	return i, nil
}

// Retry takes a batch out of quarantine, or all of them if id is empty, and returns them. The next
// start applies them again, from the tick log; a process that runs does not. The error is
// ErrUnknown if there is none.
func Retry(dir, id string) (out []Item, err error) {
	all, err := List(dir)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if !all[i].Held || id != "" && all[i].ID != id {
			continue
		}
		if err := os.Remove(all[i].path(dir)); err != nil {
			return out, err
		}
		out = append(out, all[i])
	}
	if len(out) == 0 && id != "" {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, id)
	}
	return out, nil
}

// String is the batch in a line.
func (i *Item) String() string {
	s := fmt.Sprintf("%s: %s at %s, %d prices", i.ID, i.Source, i.At, i.Quotes)
	if i.Event != "" {
		s += fmt.Sprintf(", first of %s, %s", i.Event, i.Market)
	}
	return s + " (" + i.Engine + ")"
}
