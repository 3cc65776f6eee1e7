package answer

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"corrgraph/odds"
)

// JSON writes v as indented JSON and a line break, in one Write.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Style says how tables look. The zero value is plain text.
type Style struct {
	Color bool // ANSI colours: for terminals only
}

// paint is an ANSI attribute; 0 is none.
type paint int

const (
	bold   paint = 1
	dim    paint = 2
	red    paint = 31
	green  paint = 32
	yellow paint = 33
)

func (s Style) paint(text string, p paint) string {
	text = Plain(text)
	if !s.Color || p == 0 || text == "" {
		return text
	}
	return "\x1b[" + string('0'+rune(p/10)) + string('0'+rune(p%10)) + "m" + text + "\x1b[0m"
}

// Bold marks a text on terminals.
func (s Style) Bold(text string) string { return s.paint(text, bold) }

// Plain replaces what a terminal would take for an order: control characters and
// those that turn the direction of writing. Names come from feeds, and a feed must
// not be able to clear a screen.
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

// bandPaint is the colour of a confidence.
func bandPaint(b odds.Band) paint {
	switch b {
	case odds.High:
		return green
	case odds.Medium:
		return yellow
	}
	return dim
}

// cell is a text with its colour.
type cell struct {
	text  string
	paint paint
}

// table lines texts up in columns. Heads that begin with ">" are set flush right.
type table struct {
	heads []string
	rows  [][]cell
}

func newTable(heads ...string) *table { return &table{heads: heads} }

// add appends a row; elements are strings or cells.
func (t *table) add(row ...any) {
	r := make([]cell, len(t.heads))
	for i, v := range row {
		switch v := v.(type) {
		case cell:
			r[i] = v
		case string:
			r[i] = cell{text: v}
		}
	}
	t.rows = append(t.rows, r)
}

// write renders the table. Columns in which every row is empty are left out.
func (t *table) write(b *bytes.Buffer, s Style) {
	width := make([]int, len(t.heads))
	for _, r := range t.rows {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c.text))
		}
	}
	head := make([]cell, len(t.heads))
	for i, h := range t.heads {
		h = strings.TrimPrefix(h, ">")
		head[i] = cell{h, bold}
		if width[i] > 0 {
			width[i] = max(width[i], utf8.RuneCountInString(h))
		}
	}
	t.line(b, s, head, width)
	for _, r := range t.rows {
		t.line(b, s, r, width)
	}
}

func (t *table) line(b *bytes.Buffer, s Style, row []cell, width []int) {
	owed := 0 // spaces before the next text, so that no line ends in any
	for i, c := range row {
		if width[i] == 0 {
			continue
		}
		pad := width[i] - utf8.RuneCountInString(c.text)
		if strings.HasPrefix(t.heads[i], ">") {
			owed, pad = owed+pad, 0
		}
		if c.text != "" {
			b.WriteString(strings.Repeat(" ", owed))
			b.WriteString(s.paint(c.text, c.paint))
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
