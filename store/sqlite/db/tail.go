package db

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"os"
)

// tail is how far a WAL held commits that were acknowledged. A last frame whose checksum is
// wrong looks like one that a kill left half written; the tail tells damage from that.
//
// Few commits are synced, so a power failure may cut a WAL before its tail: one that was
// noted before the machine was started anew says nothing.
type tail struct {
	boot   [sha256.Size]byte // of the start of the machine
	salts  [8]byte           // of the WAL's generation
	frames uint32
}

// tailSize is the size of a tail in the mark's file, where it follows the mark: the tail's
// fields in order, big endian, and a CRC-32C of them (4).
const tailSize = sha256.Size + 8 + 4 + 4

func (t *tail) bytes() []byte {
	b := binary.BigEndian.AppendUint32(append(t.boot[:len(t.boot):len(t.boot)], t.salts[:]...), t.frames)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// readTail returns the tail beside the store at path; the zero one if there is none, or if it
// says nothing any more.
func readTail(path string) (t tail) {
	boot, known := machineStart()
	f, err := os.Open(path + MarkSuffix)
	if err != nil || !known {
		return tail{}
	}
	defer f.Close()
	b := make([]byte, tailSize)
	if n, _ := f.ReadAt(b, int64(markSize)); n != tailSize {
		return tail{}
	}
	copy(t.boot[:], b)
	copy(t.salts[:], b[len(t.boot):])
	t.frames = binary.BigEndian.Uint32(b[len(t.boot)+len(t.salts):])
	if t.boot != boot || !bytes.Equal(b, t.bytes()) {
		return tail{}
	}
	return t
}

// holds reports whether a frame of a WAL, from 1, belongs to an acknowledged commit.
func (t *tail) holds(salts [8]byte, frame int) bool {
	return t.salts == salts && int64(frame) <= int64(t.frames)
}

// machineStart identifies the start of the machine since which nothing that was written was
// lost with its power; known is false where the system does not say.
func machineStart() (id [sha256.Size]byte, known bool) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return sha256.Sum256(b), err == nil && len(b) > 0
}

// committed notes that the WAL holds a commit up to a frame. It does nothing where the start
// of the machine is unknown. A failure is ignored: the tail is then behind.
func (m *Mark) committed(salts [8]byte, frames uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := (tail{m.boot, salts, frames}); m.booted && frames > 0 && t != m.tail {
		m.tail = t
		_, _ = m.file.WriteAt(t.bytes(), int64(markSize))
	}
}
