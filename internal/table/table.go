// Package table aligns texts in columns for people. Rows of texts with their colours go in;
// plain text or, for terminals, text with ANSI colours comes out. Terminal control
// sequences in the texts are removed.
package table

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Style is the look of tables. The zero value is plain text.
type Style struct {
	Color bool // ANSI colours: for terminals only
}

// Paint is an ANSI attribute; 0 means none.
type Paint int

// The attributes.
const (
	Bold   Paint = 1
	Dim    Paint = 2
	Red    Paint = 31
	Green  Paint = 32
	Yellow Paint = 33
)

func (s Style) paint(text string, p Paint) string {
	text = Plain(text)
	if !s.Color || p == 0 || text == "" {
		return text
	}
	return "\x1b[" + string('0'+rune(p/10)) + string('0'+rune(p%10)) + "m" + text + "\x1b[0m"
}

// Bold marks a text on terminals.
func (s Style) Bold(text string) string { return s.paint(text, Bold) }

// Plain replaces characters a terminal would interpret: control characters and those that
// change the direction of writing. Names come from feeds, and a feed must not be able to
// clear a screen.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// Cell is a text with its colour.
type Cell struct {
	Text  string
	Paint Paint
}

// Table aligns texts in columns. Heads that begin with ">" are right-aligned.
type Table struct {
	heads []string
	rows  [][]Cell
}

// New returns a table with the given heads.
func New(heads ...string) *Table { return &Table{heads: heads} }

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Add appends a row; elements are strings or Cells.
func (t *Table) Add(row ...any) {
	r := make([]Cell, len(t.heads))
	for i, v := range row {
		switch v := v.(type) {
		case Cell:
			r[i] = v
		case string:
			r[i] = Cell{Text: v}
		}
	}
	t.rows = append(t.rows, r)
}

// Write renders the table. Columns in which every row is empty are left out.
func (t *Table) Write(b *bytes.Buffer, s Style) {
	width := make([]int, len(t.heads))
	for _, r := range t.rows {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c.Text))
		}
	}
	head := make([]Cell, len(t.heads))
	for i, h := range t.heads {
		h = strings.TrimPrefix(h, ">")
		head[i] = Cell{h, Bold}
		if width[i] > 0 {
			width[i] = max(width[i], utf8.RuneCountInString(h))
		}
	}
	t.line(b, s, head, width)
	for _, r := range t.rows {
		t.line(b, s, r, width)
	}
}

func (t *Table) line(b *bytes.Buffer, s Style, row []Cell, width []int) {
	owed := 0 // spaces due before the next text, so that no line ends in one
	for i, c := range row {
		if width[i] == 0 {
			continue
		}
		pad := width[i] - utf8.RuneCountInString(c.Text)
		if strings.HasPrefix(t.heads[i], ">") {
			owed, pad = owed+pad, 0
		}
		if c.Text != "" {
			b.WriteString(strings.Repeat(" ", owed))
			b.WriteString(s.paint(c.Text, c.Paint))
			owed = 0
		} else {
			pad = width[i]
			if strings.HasPrefix(t.heads[i], ">") {
				pad = 0
			}
		}
		owed += pad + 2
	}
	b.WriteByte('\n')
}
