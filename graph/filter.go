package graph

import "math/bits"

// Words returns the number of uint64 words in a bitmap of n bits.
func Words(n int) int { return (n + 63) / 64 }

// filterPortable is FilterConfidence in plain Go. The comparisons compile to
// flag-setting instructions, so a threshold in the middle of the data costs no
// mispredicted branch.
func filterPortable(conf []float32, min float32, bitmap []uint64) (n int) {
	bitmap = bitmap[:Words(len(conf))]
	for w := range bitmap {
		chunk := conf[w*64:]
		if len(chunk) > 64 {
			chunk = chunk[:64]
		}
		var word uint64
		shift := 0
		for ; len(chunk) >= 8; chunk = chunk[8:] {
			c := (*[8]float32)(chunk)
			low := atLeast(c[0], min) | atLeast(c[1], min)<<1 | atLeast(c[2], min)<<2 | atLeast(c[3], min)<<3
			high := atLeast(c[4], min) | atLeast(c[5], min)<<1 | atLeast(c[6], min)<<2 | atLeast(c[7], min)<<3
			word |= (low | high<<4) << (shift & 63)
			shift += 8
		}
		for _, c := range chunk {
			word |= atLeast(c, min) << (shift & 63)
			shift++
		}
		bitmap[w] = word
		n += bits.OnesCount64(word)
	}
	return n
}

// atLeast returns 1 if c ≥ min, else 0; NaN on either side gives 0.
func atLeast(c, min float32) uint64 {
	var bit uint64
	if c >= min {
		bit = 1
	}
	return bit
}
