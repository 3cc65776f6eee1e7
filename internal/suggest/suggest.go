// Package suggest finds the word that was meant by one that is not known.
package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
)

// Nearest returns the known word that was most likely meant, "" if none is close. Case is
// ignored. Cost: len(word) × the sum of their lengths.
func Nearest(word string, known []string) string {
	best, at := "", 1+max(1, len(word)/3)
	for _, k := range known {
		if d := levenshtein.Distance(strings.ToLower(word), strings.ToLower(k), nil); d < min(at, len(word)) {
			best, at = k, d
		}
	}
	return best
}

// Limits of the text of Unknown.
const (
	mostNamed  = 40  // known words
	mostEchoed = 100 // bytes of the unknown one
)

// Unknown says that a word is not known, which one was probably meant, and what is known.
// meant is what the caller knows it to mean; empty for the nearest word, or the first that
// begins with it. The text is bounded.
func Unknown(what, word, meant string, known []string) string {
	begins := func(k string) bool { return strings.HasPrefix(strings.ToLower(k), strings.ToLower(word)) }
	near := cmp.Or(meant, Nearest(word, known))
	if i := slices.IndexFunc(known, begins); near == "" && i >= 0 {
		near = known[i]
	}
	if len(word) > mostEchoed {
		word = strings.ToValidUTF8(word[:mostEchoed], "") + "…"
	}
	text := "unknown " + what + " " + strconv.Quote(word)
	if near != "" {
		text += fmt.Sprintf("; did you mean %s?", near)
	}
	more := ""
	if n := len(known) - mostNamed; n > 0 {
		known, more = known[:mostNamed], fmt.Sprintf(" and %d more", n)
	}
	return text + " (known: " + strings.Join(known, ", ") + more + ")"
}
