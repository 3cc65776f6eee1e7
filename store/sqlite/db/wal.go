package db

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"corrgraph/store"
)

// WAL is the state of a store's WAL as a process finds it that nobody else has open. SQLite
// reads it up to the first frame whose checksum is wrong and drops what follows, without a
// word: after a kill that is what was half written, but after damage it is every commit
// from there on. Which of both a last frame is, the tail beside the store says.
type WAL struct {
	Frames  int  // that SQLite will read, up to the last whole commit
	Bad     int  // number of the first frame that is damaged, from 1; 0: none
	Lost    int  // commits behind the bad frame
	BadHead bool // the file's header is damaged: SQLite ignores every frame
	Acked   bool // the bad frame belongs to a commit that was acknowledged, see tail
	last    int  // frame of the last commit of this generation, damaged or not
	page    int
	order   binary.ByteOrder
	salts   [8]byte
}

// Err returns store.ErrDamaged if commits would be dropped.
func (w *WAL) Err() error {
	switch {
	case w.BadHead:
		return fmt.Errorf("%w: the header of its WAL is damaged, so that all of the WAL would be dropped", store.ErrDamaged)
	case w.Lost > 0:
		return fmt.Errorf("%w: frame %d of its WAL is damaged, so that %d commits behind it would be dropped", store.ErrDamaged, w.Bad, w.Lost)
	case w.Acked:
		return fmt.Errorf("%w: frame %d of its WAL is damaged, so that the commit that it ends, which was acknowledged, would be dropped", store.ErrDamaged, w.Bad)
	}
	return nil
}

// checkWAL returns store.ErrDamaged if opening the store would drop commits.
func checkWAL(path string) error {
	w, err := ReadWAL(path)
	if err != nil && !errors.Is(err, fs.ErrPermission) { // SQLite says that better
		return err
	}
	return w.Err()
}

// ReadWAL reads the WAL of the store at path; the zero WAL if there is none, or if somebody
// is writing it. Cost: a pass over the WAL, which is some megabytes unless a backup was
// running.
func ReadWAL(path string) (w WAL, err error) {
	f, err := os.Open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return WAL{}, nil
	}
	if err != nil {
		return WAL{}, err
	}
	defer f.Close()
	end := readTail(path)
	for range 3 {
		before, err := f.Stat()
		if err != nil {
			return WAL{}, err
		}
		w = WAL{}
		if err := w.scan(bufio.NewReaderSize(io.NewSectionReader(f, 0, before.Size()), 1<<20), nil); err != nil {
			return WAL{}, err
		}
		w.Acked = w.Bad > 0 && end.holds(w.salts, w.Bad)
		after, err := f.Stat()
		if err != nil || w.Err() == nil || after.ModTime().Equal(before.ModTime()) && after.Size() == before.Size() {
			return w, err
		}
	}
	return WAL{}, nil
}

// RepairWAL writes a WAL again so that SQLite reads all of its commits, the damaged page
// included: whether that holds anything is for the checks of pages and chunks to say. It
// writes nothing if there is no commit to read.
func RepairWAL(from io.ReadSeeker, to io.Writer) error {
	var w WAL
	if err := w.scan(bufio.NewReader(from), nil); err != nil || w.last == 0 {
		return err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out := bufio.NewWriter(to)
	again := WAL{last: w.last, page: w.page, order: w.order, salts: w.salts}
	if err := again.scan(bufio.NewReader(from), out); err != nil {
		return err
	}
	return out.Flush()
}

// sums are the two running checksums of a WAL.
type sums [2]uint32

func (s sums) add(order binary.ByteOrder, b []byte) sums {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += order.Uint32(b) + s[1]
		s[1] += order.Uint32(b[4:]) + s[0]
	}
	return s
}

func (s sums) put(b []byte) {
	binary.BigEndian.PutUint32(b, s[0])
	binary.BigEndian.PutUint32(b[4:], s[1])
}

func sumsAt(b []byte) sums { return sums{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])} }

// scan reads a WAL. With out, it writes the frames up to w.last with checksums made anew.
func (w *WAL) scan(r io.Reader, out io.Writer) error {
	var head [walHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return cutOff(err)
	}
	seed, whole := w.readHead(head[:])
	frame := make([]byte, frameHead+w.page)
	if !whole && out == nil {
		// The frames say what the header said.
		if _, err := io.ReadFull(r, frame[:frameHead]); err != nil {
			return cutOff(err)
		}
		w.BadHead = [frameHead]byte(frame) != [frameHead]byte{}
		if copy(w.salts[:], frame[8:16]); !w.BadHead {
			return nil
		}
		r = io.MultiReader(bytes.NewReader(bytes.Clone(frame[:frameHead])), r)
	}
	if out != nil {
		seed = w.writeHead(head[:])
		if _, err := out.Write(head[:]); err != nil {
			return err
		}
	}
	return w.scanFrames(r, frame, seed, out)
}

func (w *WAL) scanFrames(r io.Reader, frame []byte, seed sums, out io.Writer) error {
	computed, stated := seed, seed // by the frame before: its bytes, and what it says of them
	for n := 1; out == nil || n <= w.last; n++ {
		if _, err := io.ReadFull(r, frame); err != nil {
			return cutOff(err)
		}
		if out != nil {
			copy(frame[8:16], w.salts[:])
			computed = computed.add(w.order, frame[:8]).add(w.order, frame[frameHead:])
			computed.put(frame[16:])
			if _, err := out.Write(frame); err != nil {
				return err
			}
			continue
		}
		says := sumsAt(frame[16:])
		own := [8]byte(frame[8:16]) == w.salts
		half := !own && ([4]byte(frame[8:12]) == [4]byte(w.salts[:4]) || [4]byte(frame[12:16]) == [4]byte(w.salts[4:]))
		follows := computed.add(w.order, frame[:8]).add(w.order, frame[frameHead:])
		chained := follows == says || stated.add(w.order, frame[:8]).add(w.order, frame[frameHead:]) == says
		w.count(n, own, half, own && follows == says, own && chained, binary.BigEndian.Uint32(frame[4:]) != 0)
		computed, stated = follows, says
	}
	return nil
}

// count takes one frame into account: whether it is of this generation, half so, whole,
// whole but for the frame before it, and the last of a commit.
func (w *WAL) count(n int, own, half, whole, chained, commit bool) {
	switch {
	case w.Bad == 0 && whole:
		if commit {
			w.Frames, w.last = n, n
		}
	case w.Bad == 0 && (own || half):
		w.Bad = n
		if commit {
			w.last = n
		}
	case w.Bad != 0 && chained && commit:
		w.Lost++
		w.last = n
	}
}

// readHead reads the header and reports whether it is whole; if not, it assumes what our
// stores have.
func (w *WAL) readHead(head []byte) (seed sums, whole bool) {
	w.order, w.page = binary.LittleEndian, 4096
	magic := binary.BigEndian.Uint32(head)
	if magic == 0x377f0683 {
		w.order = binary.BigEndian
	}
	seed = sums{}.add(w.order, head[:24])
	page := int(binary.BigEndian.Uint32(head[8:]))
	if magic&^1 != 0x377f0682 || binary.BigEndian.Uint32(head[4:]) != 3007000 || seed != sumsAt(head[24:]) || page < 512 || page > 65536 || page&(page-1) != 0 {
		return seed, false
	}
	w.page = page
	copy(w.salts[:], head[16:24])
	return seed, true
}

func (w *WAL) writeHead(head []byte) sums {
	magic := uint32(0x377f0682)
	if w.order == binary.BigEndian {
		magic++
	}
	for i, v := range []uint32{magic, 3007000, uint32(w.page)} {
		binary.BigEndian.PutUint32(head[4*i:], v)
	}
	copy(head[16:24], w.salts[:])
	seed := sums{}.add(w.order, head[:24])
	seed.put(head[24:])
	return seed
}

// cutOff turns the end of a WAL, which may be in the middle of a frame, into no error.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
