package catalog

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestUtdIsUnited(t *testing.T) {
	if a, b := Normalize("Oak Utd."), Normalize("Oak United FC"); a != b {
		t.Errorf("%q, %q", a, b)
	}
}

func TestNormalizeBringsTogether(t *testing.T) {
	for _, same := range [][]string{
		{"1. FC Nürnberg", "1.FC Nurnberg", "FC NÜRNBERG", "Nürnberg", "nurnberg"},
		{"Saint-Étienne", "AS Saint-Etienne", "St. Etienne", "St Étienne", "Saint Étienne"},
		{"D.C. United", "DC United", "D.C United", "dc united"},
		{"Nott'm Forest", "Nott’m Forest", "Nottm Forest", "NOTT´M FOREST"},
		{"Brighton & Hove Albion", "Brighton and Hove Albion FC", "Brighton&Hove Albion"},
		{"Bodø/Glimt", "Bodo Glimt", "FK Bodø-Glimt"},
		{"Łódź", "Lodz"},
		{"Türkiye", "Turkiye"},
		{"The Citadel", "Citadel"},
		{"Arsenal Women", "Arsenal (W)", "Arsenal Ladies FC"},
		{"두산", " 두산 ", norm.NFD.String("두산")},
		{"ソフトバンク", "ｿﾌﾄﾊﾞﾝｸ", norm.NFD.String("ソフトバンク")},
		{"Ολυμπιακός", "ΟΛΥΜΠΙΑΚΟΣ"},
		{"FC", "fc"},
		{"A.F.C. Bournemouth", "AFC Bournemouth", "Bournemouth"},
		{"Straße", "STRASSE"},
	} {
		for _, name := range same {
			if got, want := Normalize(name), Normalize(same[0]); got != want || got == "" {
				t.Errorf("%q is %q, %q is %q", name, got, same[0], want)
			}
		}
	}
}

func TestNormalizeKeepsApart(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{
		"Washington", "Washington State", "Oregon", "Oregon State", "Manchester United", "Manchester City", "Manchester",
		"Real Madrid", "Real Madrid B", "Real Madrid W", "Ajax U21", "Ajax", "Bayern Munich", "Bayern Munich II",
		"Miami (FL)", "Miami (OH)", "LG", "NC", "KT", "KIA", "두산", "롯데", "지바롯데", "かぎ", "がき", "76ers", "49ers", "New York Mets", "New York Yankees",
		"1860 München", "München",
	} {
		n := Normalize(name)
		if other, ok := seen[n]; ok || n == "" {
			t.Errorf("%q and %q are both %q", name, other, n)
		}
		seen[n] = name
	}
}

func TestNormalizeProperties(t *testing.T) {
	words := rapid.SampledFrom([]string{"fc", "The", "saint", "1.", "a", "F.", "c", "Club", "É", "두산", "İ", "ẞ", "women", "State", "'", "&"})
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(words), func(w []string) string { return strings.Join(w, " ") }))
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "name")
		n := Normalize(s)
		if again := Normalize(n); again != n {
			t.Fatalf("%q is %q, and that %q", s, n, again)
		}
		for _, same := range []string{norm.NFC.String(s), norm.NFD.String(s), "  " + s + "\t"} {
			if got := Normalize(same); got != n {
				t.Fatalf("%q is %q, %q is %q", s, n, same, got)
			}
		}
	})
}

// Generic words may be anywhere and repeated.
func TestNormalizeIgnoresWhereGenericWordsStand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SliceOfN(rapid.SampledFrom([]string{"ajax", "united", "북한", "rovers", "state"}), 1, 4).Draw(t, "name")
		generic := rapid.SliceOf(rapid.SampledFrom([]string{"FC", "SC", "Club", "the", "AFC"})).Draw(t, "generic")
		mixed := append([]string(nil), name...)
		for _, g := range generic {
			i := rapid.IntRange(0, len(mixed)).Draw(t, "at")
			mixed = append(mixed[:i], append([]string{g}, mixed[i:]...)...)
		}
		if got, want := Normalize(strings.Join(mixed, " ")), strings.Join(name, " "); got != want {
			t.Fatalf("%q is %q, want %q", mixed, got, want)
		}
	})
}

// Letters that have no accent to lose are spelled as people without them do.
func TestNormalizeSpellsLetters(t *testing.T) {
	for name, want := range map[string]string{
		"Straße": "strasse", "Læsø": "laeso", "Œdipe": "oedipe", "Đorđe": "dorde", "Suðuroy": "suduroy", "Wisła": "wisla",
		"Diyarbakır": "diyarbakir", "Þór": "thor", "Ἀθλητικός": "αθλητικοσ", "İstanbul": "istanbul", "Ünion": "union",
		"A&B": "a and b", "A+B": "a and b", "Ａｊａｘ": "ajax", "Nice—Côte": "nice cote", "½": "1 2",
	} {
		if got := Normalize(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

func TestNormalizeWordsThatCountByTheirPlace(t *testing.T) {
	for name, want := range map[string]string{
		"Chelsea W": "chelsea women", "W": "w", "W Connection": "w connection", "Ladies": "women", "Womens Team": "women team",
		"1. FC": "1 fc", "1 FC Köln": "koln", "TSV 1860": "tsv 1860", "1. Köln": "1 koln", "The Club": "the club", "": "", " . ": "",
	} {
		if got := Normalize(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
