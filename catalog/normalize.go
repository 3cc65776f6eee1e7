package catalog

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalize reduces a name to its form for comparison: no accents, punctuation, case or
// generic words ("FC", "Club", "The"), "Saint" as "st", "Utd" as "united", initials joined ("D.C." as "dc"),
// single spaces. Anything that distinguishes two teams of one sport stays: places, "State",
// "United", "Women", "U21", "II". A name of only generic words keeps them. It is
// idempotent, and every comparison in this program applies it on both sides. Cost:
// O(len(name)).
func Normalize(name string) string {
	words := strings.Fields(fold(name))
	for {
		n := len(words)
		words = dropGeneric(joinInitials(words))
		if len(words) == n {
			return strings.Join(words, " ")
		}
	}
}

// fold converts to lower case, strips accents, drops apostrophes and turns all other
// punctuation into spaces.
func fold(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ReplaceAll(name, "´", "'")) {
		switch r = unicode.ToLower(r); {
		case isAccent(r), isApostrophe(r):
		case r == '&' || r == '+':
			b.WriteString(" and ")
		case plain(r) != "":
			b.WriteString(plain(r))
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return norm.NFKC.String(b.String())
}

// isAccent covers only the accents of alphabets: in kana and Indian scripts, marks
// distinguish letters.
func isAccent(r rune) bool {
	return r >= 0x0300 && r <= 0x036f || r >= 0x1ab0 && r <= 0x1aff || r >= 0x1dc0 && r <= 0x1dff || r >= 0xfe20 && r <= 0xfe2f
}

func isApostrophe(r rune) bool {
	return strings.ContainsRune("'`‘’‛ʹʻʼʽ′", r)
}

// plain transliterates letters that have no decomposition.
func plain(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ł':
		return "l"
	case 'ı':
		return "i"
	case 'þ':
		return "th"
	case 'ς':
		return "σ"
	}
	return ""
}

// joinInitials joins runs of single Latin letters: "d c united" is "dc united".
func joinInitials(words []string) []string {
	out := words[:0:0]
	open := false // the last word of out is a run of initials
	for _, w := range words {
		initial := len(w) == 1 && w[0] >= 'a' && w[0] <= 'z'
		if initial && open {
			out[len(out)-1] += w
		} else {
			out = append(out, w)
		}
		open = initial
	}
	return out
}

// dropGeneric removes words that mean no more than "a club", and unifies the spellings of
// saint and women (a last W). The 1 of "1. FC Köln" is removed with its FC.
func dropGeneric(words []string) []string {
	out := words[:0:0]
	for i, w := range words {
		switch w {
		case "fc", "cf", "sc", "afc", "ac", "as", "fk", "sk", "bc", "club", "the":
			continue
		case "1":
			if i == 0 && len(words) > 1 && words[1] == "fc" {
				continue
			}
		case "saint":
			w = "st"
		case "utd":
			w = "united"
		case "womens", "ladies":
			w = "women"
		case "w":
			if i > 0 && i == len(words)-1 {
				w = "women"
			}
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		return words
	}
	return out
}
