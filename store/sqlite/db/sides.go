package db

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"corrgraph/store"
)

// sides are the files of a store that is open for writing: the store itself, its WAL and
// the WAL's index. A commit that goes to a file without a name, or to a WAL that somebody
// cut, is lost with the process, and SQLite notices nothing: it works on open files and
// believes the index.
//
// wal and shm stay open until every connection is closed, because closing a file drops all
// locks that the process holds on it, SQLite's among them.
type sides struct {
	path           string
	main           fs.FileInfo
	wal, shm       *os.File
	walInfo, shmOf fs.FileInfo
}

// openSides notes the files of a store whose WAL has been opened.
func openSides(path string) (s *sides, err error) {
	s = &sides{path: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.main, err = os.Stat(path); err != nil {
		return s, err
	}
	if s.wal, s.walInfo, err = openAndStat(path + "-wal"); err != nil {
		return s, err
	}
	s.shm, s.shmOf, err = openAndStat(path + "-shm")
	return s, err
}

func openAndStat(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	return f, info, err
}

func (s *sides) close() (err error) {
	if s == nil {
		return nil
	}
	for _, f := range []*os.File{s.wal, s.shm} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// inPlace returns store.ErrReplaced unless every open file is still the one at its path, and
// the WAL still holds the last commit. Cost: three looks at names and three short reads.
func (s *sides) inPlace() error {
	for _, f := range []struct {
		suffix string
		open   fs.FileInfo
	}{{"", s.main}, {"-wal", s.walInfo}, {"-shm", s.shmOf}} {
		switch now, err := os.Stat(s.path + f.suffix); {
		case err != nil:
			return fmt.Errorf("%w: %w", store.ErrReplaced, err)
		case !os.SameFile(f.open, now):
			return fmt.Errorf("%w: another stands in its place: %s%s", store.ErrReplaced, s.path, f.suffix)
		}
	}
	return s.holdsLastCommit()
}

// Layout of the WAL and of the head of its index (sqlite.org/walformat.html).
const (
	walHead    = 32 // bytes of the WAL's header, with its salts at 16
	frameHead  = 24 // bytes of a frame's header: page, size after commit, salts, checksum
	indexHead  = 48 // bytes of one of the index's two equal headers
	atPageSize = 14 // offsets in the index's header
	atFrames   = 16
	atSum      = 24
	atSalt     = 32
)

// holdsLastCommit compares the WAL with its index: it must be long enough, of the same
// generation, and its last frame the one that the index knows.
func (s *sides) holdsLastCommit() error {
	var head [2 * indexHead]byte
	for range 100 { // another program may be writing the index
		if _, err := s.shm.ReadAt(head[:], 0); err != nil {
			return fmt.Errorf("%w: the WAL's index: %w", store.ErrReplaced, err)
		}
		if bytes.Equal(head[:indexHead], head[indexHead:]) && s.lastFrame(head[:indexHead]) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s-wal was cut or overwritten", store.ErrReplaced, s.path)
}

// end returns the salts of the WAL and the number of its last commit's last frame, as the
// index says; not ok while another program is writing that.
func (s *sides) end() (salts [8]byte, frames uint32, ok bool) {
	var head [2 * indexHead]byte
	if _, err := s.shm.ReadAt(head[:], 0); err != nil || !bytes.Equal(head[:indexHead], head[indexHead:]) {
		return salts, 0, false
	}
	return [8]byte(head[atSalt : atSalt+8]), binary.NativeEndian.Uint32(head[atFrames:]), true
}

// lastFrame reports whether the WAL ends as an index says.
func (s *sides) lastFrame(index []byte) bool {
	frames := int64(binary.NativeEndian.Uint32(index[atFrames:]))
	if frames == 0 {
		return true // nothing is in the WAL alone
	}
	page := int64(binary.NativeEndian.Uint16(index[atPageSize:]))
	if page == 1 {
		page = 65536
	}
	var head [walHead]byte
	var frame [frameHead]byte
	if _, err := s.wal.ReadAt(head[:], 0); err != nil || !bytes.Equal(head[16:24], index[atSalt:atSalt+8]) {
		return false
	}
	at := walHead + (frames-1)*(frameHead+page)
	if _, err := s.wal.ReadAt(frame[:], at); err != nil || !bytes.Equal(frame[8:16], head[16:24]) {
		return false
	}
	for i := range 2 { // the WAL is big-endian, the index is not
		if binary.BigEndian.Uint32(frame[16+4*i:]) != binary.NativeEndian.Uint32(index[atSum+4*i:]) {
			return false
		}
	}
	info, err := s.wal.Stat()
	return err == nil && info.Size() >= at+frameHead+page
}

// rescue moves what is in a WAL without a name into the store, as long as the store itself
// stands in its place. The process still has the WAL open, but nobody after it could read
// it. A stranger's WAL is moved aside: mistaken for the store's own, it would undo commits.
func (d *DB) rescue(ctx context.Context) {
	now, err := os.Stat(d.path)
	if err != nil || !os.SameFile(d.sides.main, now) || d.sides.holdsLastCommit() != nil {
		return
	}
	v, err := d.writer.One(ctx, Statement{Name: "rescue", SQL: "PRAGMA wal_checkpoint(PASSIVE)", Deadline: Commit})
	if err != nil || v[0] != 0 || v[1] != v[2] {
		return // readers hold it up: the next attempt to write tries again
	}
	if info, err := os.Stat(d.path + "-wal"); err == nil && !os.SameFile(info, d.sides.walInfo) {
		_ = os.Rename(d.path+"-wal", d.path+"-wal.replaced")
	}
}
