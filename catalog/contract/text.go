package contract

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"corrgraph/catalog"
	"corrgraph/odds"
)

// reading is what can be read from the words of a bet.
type reading struct {
	bet     *Bet
	words   []string  // sorted, each once; without numbers, dates and words of logic
	numbers []float64 // sorted
	dates   []string  // "04-11", or "2026-04-11" where the year is stated; sorted
	above   bool      // "above", "or more"
	below   bool      // "under", "less than"
	by      bool      // "before", "by": of a date
	negated bool
	sources []string // that the rules name
}

var (
	isoDate   = regexp.MustCompile(`\b(\d{4})-(\d{2})-(\d{2})\b`)
	monthDate = regexp.MustCompile(`(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?\b(?:,? (\d{4})\b)?`)
	numeral   = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?[kKmM%]?`)
	apiece    = regexp.MustCompile(`(?i)\b(?:associated press|official|reuters|bloomberg|coinbase|binance|coingecko|espn|fox|nbc|cnn|noaa|nws|bls|fred|uefa|fifa|nba|nfl|mlb|nhl|atp|wta)\b`)
)

// maxTitle is how many bytes of a title are read.
const maxTitle = 600

func read(b *Bet) *reading {
	r := &reading{bet: b}
	text := clip(b.Title+" "+b.Selection, maxTitle)
	text, r.dates = datesIn(text)
	text, r.numbers = numbersIn(text)
	var words []string
	for _, w := range strings.Fields(catalog.Normalize(text)) {
		if !r.logic(w) && !filler(w) {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	r.words = slices.Compact(words)
	for _, s := range apiece.FindAllString(clip(b.Rules, MaxRules), -1) {
		r.sources = append(r.sources, strings.ToLower(s))
	}
	slices.Sort(r.sources)
	r.sources = slices.Compact(r.sources)
	return r
}

// logic notes a word that says how a number, a date or the whole is meant.
func (r *reading) logic(w string) bool {
	switch w {
	case "above", "over", "exceed", "exceeds", "more", "greater", "higher", "least", "reach", "reaches", "hit", "hits":
		r.above = true
	case "below", "under", "less", "fewer", "lower", "most":
		r.below = true
	case "before", "by", "until":
		r.by = true
	case "not", "never", "wont", "fail", "fails", "without":
		r.negated = !r.negated
	default:
		return false
	}
	return true
}

func filler(w string) bool {
	switch w {
	case "will", "a", "an", "to", "of", "in", "on", "at", "for", "be", "is", "does", "do", "did", "there", "than", "or", "and", "v", "vs", "yes", "who", "what", "which":
		return true
	}
	return false
}

func datesIn(text string) (rest string, dates []string) {
	rest = isoDate.ReplaceAllStringFunc(text, func(s string) string {
		dates = append(dates, s)
		return " "
	})
	rest = monthDate.ReplaceAllStringFunc(rest, func(s string) string {
		m := monthDate.FindStringSubmatch(s)
		month, err := time.Parse("Jan", strings.ToUpper(m[1][:1])+strings.ToLower(m[1][1:]))
		if err != nil {
			return s
		}
		d := month.Format("01") + "-" + ("0" + m[2])[len(m[2])-1:]
		if m[3] != "" {
			d = m[3] + "-" + d
		}
		dates = append(dates, d)
		return " "
	})
	slices.Sort(dates)
	return rest, slices.Compact(dates)
}

func numbersIn(text string) (rest string, numbers []float64) {
	rest = numeral.ReplaceAllStringFunc(text, func(s string) string {
		scale, digits := 1.0, strings.ReplaceAll(s, ",", "")
		switch digits[len(digits)-1] {
		case 'k', 'K':
			scale = 1e3
		case 'm', 'M':
			scale = 1e6
		}
		x, err := strconv.ParseFloat(strings.TrimRight(digits, "kKmM%"), 64)
		if err != nil {
			return s
		}
		numbers = append(numbers, x*scale)
		return " "
	})
	slices.Sort(numbers)
	return rest, slices.Compact(numbers)
}

// sameDates compares dates, of which one may lack its year.
func sameDates(a, b []string) bool {
	return slices.EqualFunc(a, b, func(x, y string) bool {
		return x == y || len(x) != len(y) && (strings.HasSuffix(x, y) || strings.HasSuffix(y, x))
	})
}

// day is a start as a date of the text's kind.
func day(t odds.Time) string { return t.Std().UTC().Format("2006-01-02") }

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}
