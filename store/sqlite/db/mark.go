package db

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"sync"
)

// Mark is a small file beside the store with the last position that was acknowledged. A WAL
// that is lost while nobody has it open leaves a store that is whole, only older; the mark
// shows that. It is written after the commit and not synced: it may be behind, after a
// power failure, but never ahead.
//
// It is laid out as "CGMARK1\n", the store's identity (16 bytes), the position (8, big
// endian) and a CRC-32C of all that (4). A tail may follow, which says the same of the frames
// of the WAL, whatever they hold.
type Mark struct {
	mu   sync.Mutex
	file *os.File
	last int64 // guarded by mu
	id   []byte

	tail   tail              // guarded by mu; as noted last
	boot   [sha256.Size]byte // see machineStart
	booted bool
}

const (
	markHead = "CGMARK1\n"
	markSize = len(markHead) + MarkID + 8 + 4
)

// MarkID is how many bytes a store's identity has.
const MarkID = 16

// OpenMark opens the mark of the store at path, whose identity is id, or creates it. noted is
// the position in it; 0 for none, or that of another store.
func OpenMark(path string, id []byte) (m *Mark, noted int64, err error) {
	f, err := os.OpenFile(path+MarkSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	m = &Mark{file: f, id: id}
	m.boot, m.booted = machineStart()
	m.last = m.read(f)
	return m, m.last, nil
}

// ReadMark returns the position in the mark of the store at path; 0 for none, or that of
// another store.
func ReadMark(path string, id []byte) (noted int64, err error) {
	f, err := os.Open(path + MarkSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return (&Mark{id: id}).read(f), nil
}

func (m *Mark) bytes(at int64) []byte {
	b := binary.BigEndian.AppendUint64(append([]byte(markHead), m.id...), uint64(at))
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

func (m *Mark) read(f io.ReaderAt) int64 {
	b := make([]byte, markSize)
	if n, _ := f.ReadAt(b, 0); n != markSize {
		return 0
	}
	at := int64(binary.BigEndian.Uint64(b[len(markHead)+MarkID:]))
	if !bytes.Equal(b, m.bytes(at)) {
		return 0
	}
	return at
}

// Reach notes that a position was acknowledged. A failure is ignored: the mark is then
// behind.
func (m *Mark) Reach(at int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at > m.last {
		m.last = at
		_, _ = m.file.WriteAt(m.bytes(at), 0)
	}
}

// Close closes the file. Nil has none.
func (m *Mark) Close() error {
	if m == nil {
		return nil
	}
	return m.file.Close()
}
