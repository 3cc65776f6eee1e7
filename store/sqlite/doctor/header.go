package doctor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"

	"corrgraph/store"
	"corrgraph/store/sqlite"
)

// The first bytes of every SQLite file say how to read the rest. All of our files have the
// same there, apart from counters, so a damaged header can be written anew
// (sqlite.org/fileformat2.html §1.3).
const (
	headerSize = 100
	pageSize   = 4096
)

// constant is a part of the header that all of our files have in common.
type constant struct {
	at    int
	bytes []byte
}

func constants() []constant {
	return []constant{
		{0, append([]byte("SQLite format 3\x00"), pageSize>>8, pageSize&255)},
		{20, []byte{0, 64, 32, 32}}, // nothing reserved; fractions of payload
		{44, []byte{0, 0, 0, 4}},    // schema format
		{52, []byte{0, 0, 0, 0}},    // no vacuum by itself
		{56, []byte{0, 0, 0, 1}},    // UTF-8
		{64, make([]byte, 4)},       // no incremental vacuum
		{68, sqlite.Mark()},         // application id
		{72, make([]byte, 20)},      // reserved
	}
}

// mostBits is how many bits of the constants may differ in a file that is taken for a
// damaged store: any more, and it is another kind of file.
const mostBits = 8

// mostVersion is a version of the schema that no program will ever have.
const mostVersion = 1 << 12

// mended returns the header of the file at path as it should be, and what is wrong with it;
// nil if nothing is, or if the file is no store.
func mended(path string) (header []byte, wrong string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() < 2*pageSize {
		return nil, "", err
	}
	was := make([]byte, headerSize)
	if _, err := io.ReadFull(f, was); err != nil {
		return nil, "", nil // a folder, say: opening it tells
	}
	header = bytes.Clone(was)
	for _, c := range constants() {
		copy(header[c.at:], c.bytes)
	}
	for i := 18; i <= 19; i++ { // who may write and read: 1 with a journal, 2 with a WAL
		if header[i] != 1 && header[i] != 2 {
			header[i] = header[37-i]
		}
	}
	if header[18] != 1 && header[18] != 2 {
		header[18], header[19] = 2, 2
	}
	if v := binary.BigEndian.Uint32(header[60:]); v == 0 || v > mostVersion {
		binary.BigEndian.PutUint32(header[60:], uint32(sqlite.Version()))
	}
	if wal, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) || err == nil && wal.Size() == 0 {
		binary.BigEndian.PutUint32(header[28:], uint32(info.Size()/pageSize))
	}
	differ, first := 0, -1
	for i := range header {
		if x := header[i] ^ was[i]; x != 0 {
			differ += bits.OnesCount8(x)
			if first < 0 {
				first = i
			}
		}
	}
	if differ == 0 || differ > mostBits {
		return nil, "", nil
	}
	return header, fmt.Sprintf("its header is damaged, from byte %d: no program can open it, but a copy with the header written anew can be read (--salvage)", first), nil
}

// header looks whether the file's header must be written anew to read it.
func (r *Report) header() error {
	header, wrong, err := mended(r.DB)
	if err == nil && header != nil {
		r.head = header
		r.add(store.Finding{Kind: store.FindFile, Where: r.DB, Detail: wrong, Harm: true})
	}
	return err
}

// rewrite writes the header of a copy anew.
func (r *Report) rewrite(path string) error {
	if r.head == nil {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(r.head, 0)
	return errors.Join(err, f.Close())
}
