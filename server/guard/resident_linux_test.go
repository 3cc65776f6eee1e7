package guard

import (
	"runtime"
	"syscall"
	"testing"
)

func TestSecondNumber(t *testing.T) {
	for text, want := range map[string]int64{
		"48125 1234 567 1 0 89 0\n": 1234, "1 2": 2, "1 2x": 2, "0 0 0": 0,
		"": -1, "12": -1, "12 ": -1, " ": -1, "1 x": -1, "1 -5": -1, "1 99999999999999999999": -1,
	} {
		got, ok := secondNumber([]byte(text))
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestUsageSeesBothKindsOfMemory: allocated by Go, and mapped outside its heap like
// SQLite's.
func TestUsageSeesBothKindsOfMemory(t *testing.T) {
	r, err := openUsage()
	if err != nil {
		t.Fatal(err)
	}
	defer r.resident.close()
	read := func() Usage {
		u, err := r.read()
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	const size = 16 << 20
	before := read()
	mapped, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < size; i += 4096 {
		mapped[i] = 1
	}
	if grown := read().Outside() - before.Outside(); grown < size/2 {
		t.Errorf("mapping %d bytes past Go's heap showed as %d", size, grown)
	}
	if err := syscall.Munmap(mapped); err != nil {
		t.Fatal(err)
	}
	before = read()
	heap := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		heap[i] = 1
	}
	if after := read(); after.Total()-before.Total() < size/2 {
		t.Errorf("allocating %d bytes took use from %+v to %+v", size, before, after)
	}
	runtime.KeepAlive(heap)
}
