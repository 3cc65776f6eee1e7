package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"corrgraph/odds"
	"corrgraph/ticklog"
)

// ErrDamaged wraps why a file is no checkpoint, or no longer the one that was written.
var ErrDamaged = errors.New("the checkpoint is damaged")

// Stamp says of what a checkpoint is the state.
type Stamp struct {
	State    string           `json:"state"`    // version of what the sections hold
	Config   string           `json:"config"`   // digest of the configuration that the state depends on
	Position ticklog.Position `json:"position"` // of the newest chunk of the log that is in it
	Mark     string           `json:"mark"`     // digest of that chunk
	AsOf     odds.Time        `json:"as_of"`    // the newest event time that was learnt from
	Clock    odds.Time        `json:"clock"`    // when that chunk was appended
	Taken    odds.Time        `json:"taken"`    // by the wall clock
}

// Section is one part of a checkpoint.
type Section struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Manifest says what is in a checkpoint.
type Manifest struct {
	Stamp
	Sections []Section `json:"sections"`
}

const (
	head = "corrgraph checkpoint 1\n"
	tail = "\ncorrgraph checkpoint ends\n"
	// foot is the size of what follows the manifest: its size, its SHA-256, and tail.
	foot = 8 + sha256.Size + len(tail)
	// mostManifest bounds what is read into memory on the word of a file.
	mostManifest = 1 << 20
)

// Writer writes a checkpoint. After the first error, which Commit returns, it does nothing. Either
// Commit or Abort must be called.
type Writer struct {
	dir   string
	file  *os.File
	name  string
	m     Manifest
	sum   hash.Hash
	bytes int64
	open  bool
	err   error
}

// Section begins a section, which ends with the next one.
func (w *Writer) Section(name string) (io.Writer, error) {
	w.end()
	w.sum, w.open, w.bytes = sha256.New(), true, 0
	w.m.Sections = append(w.m.Sections, Section{Name: name})
	return w, w.err
}

// Write writes a part of the present section.
func (w *Writer) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.file.Write(b)
	w.sum.Write(b[:n])
	w.bytes += int64(n)
	w.err = err
	return n, err
}

// end ends the present section.
func (w *Writer) end() {
	if w.open {
		s := &w.m.Sections[len(w.m.Sections)-1]
		s.Bytes, s.SHA256, w.open = w.bytes, hex.EncodeToString(w.sum.Sum(nil)), false
	}
}

// finish writes what follows the sections.
func (w *Writer) finish() error {
	w.end()
	if w.err != nil {
		return w.err
	}
	manifest, err := json.Marshal(&w.m)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(manifest)
	end := binary.LittleEndian.AppendUint64(manifest, uint64(len(manifest)))
	_, err = w.file.Write(append(append(end, sum[:]...), tail...))
	return err
}

// File is a checkpoint that is read.
type File struct {
	Manifest
	Path  string
	Bytes int64
	file  *os.File
}

// Open reads the manifest of a checkpoint. Whether the sections are what was written says Verify.
func Open(path string) (_ *File, err error) {
	f := &File{Path: path}
	if f.file, err = os.Open(path); err != nil {
		return nil, err
	}
	if err := f.readManifest(); err != nil {
		f.file.Close()
		return nil, err
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

func (f *File) readManifest() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	f.Bytes = info.Size()
	end := make([]byte, foot)
	if f.Bytes < int64(len(head)+foot) || !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is cut off, or something else", ErrDamaged)
	}
	if _, err := f.file.ReadAt(end, f.Bytes-int64(foot)); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(end)
	if string(end[8+sha256.Size:]) != tail || n > mostManifest || int64(n) > f.Bytes-int64(len(head)+foot) {
		return fmt.Errorf("%w: it has no end", ErrDamaged)
	}
	manifest := make([]byte, n)
	if _, err := f.file.ReadAt(manifest, f.Bytes-int64(foot)-int64(n)); err != nil {
		return err
	}
	if sum := sha256.Sum256(manifest); !bytes.Equal(sum[:], end[8:8+sha256.Size]) {
		return fmt.Errorf("%w: its manifest is another one", ErrDamaged)
	}
	if err := json.Unmarshal(manifest, &f.Manifest); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return f.fits(int64(n))
}

// fits checks that the sections fill the file.
func (f *File) fits(manifest int64) error {
	start := make([]byte, len(head))
	if _, err := f.file.ReadAt(start, 0); err != nil {
		return err
	}
	left := f.Bytes - int64(len(head)+foot) - manifest
	for _, s := range f.Sections {
		if s.Bytes < 0 || s.Bytes > left {
			return fmt.Errorf("%w: section %q is cut off", ErrDamaged, s.Name)
		}
		left -= s.Bytes
	}
	if left != 0 || string(start) != head {
		return fmt.Errorf("%w: it holds more than it says, or something else", ErrDamaged)
	}
	return nil
}

// Section returns a reader of a section.
func (f *File) Section(name string) (io.Reader, error) {
	at := int64(len(head))
	for _, s := range f.Sections {
		if s.Name == name {
			return io.NewSectionReader(f.file, at, s.Bytes), nil
		}
		at += s.Bytes
	}
	return nil, fmt.Errorf("%w: section %q is missing", ErrDamaged, name)
}

// Verify reads all of it and returns an error unless it is what was written.
func (f *File) Verify() error {
	for _, s := range f.Sections {
		r, err := f.Section(s.Name)
		if err != nil {
			return err
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) != s.SHA256 {
			return fmt.Errorf("%w: section %q is another one", ErrDamaged, s.Name)
		}
	}
	return nil
}
