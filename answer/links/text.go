package links

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"corrgraph/internal/table"
	"corrgraph/odds"
)

// width is how many columns the text takes at most.
const width = 120

// Text writes the links for people, at most limit of them; 0 means all.
func (l *Links) Text(w io.Writer, s table.Style, limit int) error {
	var b bytes.Buffer
	shown := l.Links
	if limit > 0 {
		shown = shown[:min(limit, len(shown))]
	}
	for i := range shown {
		shown[i].write(&b, s)
		b.WriteByte('\n')
	}
	if l.Total == 0 {
		b.WriteString("No link matches.\n")
	}
	if more := l.Total - len(shown); more > 0 {
		fmt.Fprintf(&b, "%d more; links --limit 0 shows all.\n", more)
	}
	if l.Dropped > 0 {
		fmt.Fprintf(&b, "Candidates beyond the most that are kept: %d.\n", l.Dropped)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Text writes one link for people.
func (l *Link) Text(w io.Writer, s table.Style) error {
	var b bytes.Buffer
	l.write(&b, s)
	_, err := w.Write(b.Bytes())
	return err
}

func (l *Link) write(b *bytes.Buffer, s table.Style) {
	b.WriteString(s.Bold(l.ID))
	b.WriteString("  " + cut(table.Plain(l.standing()), width-2-utf8.RuneCountInString(l.ID)) + "\n")
	t := table.New("", "", "", "", "")
	for _, q := range []*Question{&l.A, &l.B} {
		t.Add(" ", cut(strings.Join(q.Venues, ", "), 24), cut(q.Title, 44), q.when(), cut(q.what(), 20))
	}
	var two bytes.Buffer
	t.Write(&two, s)
	_, rows, _ := bytes.Cut(two.Bytes(), []byte("\n")) // without its heads, which are empty
	b.Write(rows)
	for _, said := range l.For {
		item(b, "+ ", said)
	}
	for _, said := range l.Against {
		item(b, "- ", said)
	}
	if l.Effect != "" {
		item(b, "= ", l.Effect)
	}
	if l.Note != "" {
		item(b, "“ ", l.Note)
	}
}

// standing says what a link is, and who says so.
func (l *Link) standing() string {
	switch {
	case l.State == "candidate":
		return fmt.Sprintf("candidate, looks like %s; likeness of words %.2f", l.Relation, l.Likeness)
	case l.By == "rule":
		return l.Relation + ", by rule"
	case l.State == "rejected":
		return fmt.Sprintf("not %s, rejected by %s at %s", l.Relation, l.By, since(l.Since))
	default:
		return fmt.Sprintf("%s, %s by %s at %s", l.Relation, l.State, l.By, since(l.Since))
	}
}

func since(t *odds.Time) string {
	if t == nil {
		return "an unknown time"
	}
	return t.String()
}

func (q *Question) when() string {
	if q.Start == nil {
		return "start unknown"
	}
	return q.Start.String()
}

func (q *Question) what() string { return strings.TrimSuffix(q.Market+"/"+q.Selection, "/") }

// cut shortens a text to a number of characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// item writes a sentence behind a sign, over as many lines as it takes.
func item(b *bytes.Buffer, sign, text string) {
	start, line := "  "+sign, ""
	for _, word := range pieces(table.Plain(text), width-4) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width-4 {
			b.WriteString(start + line + "\n")
			start, line = "    ", ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		b.WriteString(start + line + "\n")
	}
}

// pieces are the words of a text, those cut up that have more characters than most.
func pieces(text string, most int) (out []string) {
	for _, word := range strings.Fields(text) {
		r := []rune(word)
		for ; len(r) > most; r = r[most:] {
			out = append(out, string(r[:most]))
		}
		out = append(out, string(r))
	}
	return out
}
