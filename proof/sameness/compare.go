package sameness

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// answer is one thing that is said.
type answer struct {
	what string // the kind of thing: "prediction", "edge" and so on
	of   string // which one; unique within its kind
	text string
}

// answers are all that is said at one time.
type answers []answer

// say adds an answer.
func (a *answers) say(what, of string, v any) { *a = append(*a, answer{what, of, text(v)}) }

// only returns the answers of some kinds.
func (a answers) only(kinds ...string) (out answers) {
	for _, x := range a {
		if slices.Contains(kinds, x.what) {
			out = append(out, x)
		}
	}
	return out
}

// byName indexes answers; one that is given twice is another one the second time.
func (a answers) byName() map[string]string {
	out := make(map[string]string, len(a))
	for _, x := range a {
		name := x.what + " " + x.of
		for n := 2; ; n++ {
			if _, twice := out[name]; !twice {
				break
			}
			name = fmt.Sprintf("%s %s (%d)", x.what, x.of, n)
		}
		out[name] = x.text
	}
	return out
}

// comparison is the result of comparing what was said in two ways, or more.
type comparison struct {
	name     string
	note     string            // what was seen on the way, for people
	compared map[string]int    // answers, by kind
	differ   map[string]int    // of those
	first    map[string]string // the first difference of each kind, for people
}

func newComparison(name string) *comparison {
	return &comparison{name: name, compared: map[string]int{}, differ: map[string]int{}, first: map[string]string{}}
}

// add compares what one and another say; where says which they were.
func (c *comparison) add(where string, one, other answers) {
	a, b := one.byName(), other.byName()
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		kind, _, _ := strings.Cut(name, " ")
		c.compared[kind]++
		was, said := a[name]
		is, saidToo := b[name]
		if said && saidToo && was == is {
			continue
		}
		c.differ[kind]++
		if c.first[kind] == "" {
			c.first[kind] = fmt.Sprintf("%s: %s\n%s", where, name, sides(was, is))
		}
	}
}

// sides shows where two texts part; an empty one was not said at all.
func sides(a, b string) string {
	k := 0
	for k < min(len(a), len(b)) && a[k] == b[k] {
		k++
	}
	from := max(0, k-80)
	show := func(s string) string {
		if s == "" {
			return "(nothing)"
		}
		out := s[min(from, len(s)):min(len(s), k+160)]
		if from > 0 {
			out = "…" + out
		}
		return out
	}
	return fmt.Sprintf("    one   %s\n    other %s", show(a), show(b))
}

// total adds up counts.
func total(of map[string]int) (n int) {
	for _, k := range of {
		n += k
	}
	return n
}

// same reports whether something was compared and nothing differs.
func (c *comparison) same() bool { return total(c.compared) > 0 && total(c.differ) == 0 }

// byCount lists names by their count, the largest first.
func byCount(of map[string]int) []string {
	return slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b)) })
}

// counts lists counts by name, the largest first.
func counts(of map[string]int) string {
	var out []string
	for _, k := range byCount(of) {
		out = append(out, fmt.Sprintf("%d %s", of[k], k))
	}
	return strings.Join(out, ", ")
}

// print writes a comparison for people.
func (c *comparison) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d answers compared (%s), %d differ\n", c.name, total(c.compared), counts(c.compared), total(c.differ))
	if c.note != "" {
		fmt.Fprintf(w, "  %s\n", c.note)
	}
	for _, kind := range byCount(c.differ) {
		fmt.Fprintf(w, "  %d of %d differ in kind %s; the first %s\n", c.differ[kind], c.compared[kind], kind, c.first[kind])
	}
}
