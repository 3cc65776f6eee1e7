package table

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// render writes rows of texts and returns the lines.
func render(s Style, heads []string, rows [][]Cell) []string {
	t := New(heads...)
	for _, r := range rows {
		var any []any
		for _, c := range r {
			any = append(any, c)
		}
		t.Add(any...)
	}
	var b bytes.Buffer
	t.Write(&b, s)
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// TestColumnsStandOneBelowTheOther: each text begins, or ends where it is set flush
// right, in the same column as its head, whatever the texts.
func TestColumnsStandOneBelowTheOther(t *testing.T) {
	word := rapid.StringOfN(rapid.RuneFrom([]rune("aé→7")), 0, 9, -1)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "columns")
		heads, rows := make([]string, n), make([][]Cell, rapid.IntRange(1, 5).Draw(t, "rows"))
		for i := range heads {
			heads[i] = rapid.SampledFrom([]string{"", ">"}).Draw(t, "side") + "H" + word.Draw(t, "head")
		}
		for i := range rows {
			rows[i] = make([]Cell, n)
			for j := range rows[i] {
				rows[i][j] = Cell{word.Draw(t, "text"), rapid.SampledFrom([]Paint{0, Red, Dim}).Draw(t, "paint")}
			}
		}
		lines := render(Style{}, heads, rows)
		if len(lines) != len(rows)+1 {
			t.Fatalf("%d lines of %d rows", len(lines), len(rows))
		}
		from := 0
		for j, head := range heads {
			name, right := strings.CutPrefix(head, ">")
			width := 0
			for _, r := range rows {
				width = max(width, utf8.RuneCountInString(r[j].Text))
			}
			if width == 0 { // the column is left out
				continue
			}
			width = max(width, utf8.RuneCountInString(name))
			for i, line := range lines {
				text := name
				if i > 0 {
					text = rows[i-1][j].Text
				}
				runes := []rune(line + strings.Repeat(" ", 200))
				field := string(runes[from : from+width])
				pad := strings.Repeat(" ", width-utf8.RuneCountInString(text))
				if want := map[bool]string{false: text + pad, true: pad + text}[right]; field != want {
					t.Fatalf("column %d of %q is %q, want %q", j, line, field, want)
				}
			}
			from += width + 2
		}
		for _, line := range lines {
			if strings.TrimRight(line, " ") != line {
				t.Fatalf("%q ends in spaces", line)
			}
		}
	})
}

// TestColoursChangeNothingElse: without them the text is that of the plain table, and
// each is closed before the line ends.
func TestColoursChangeNothingElse(t *testing.T) {
	code := regexp.MustCompile("\x1b\\[[0-9]+m")
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.Custom(func(t *rapid.T) Cell {
			return Cell{rapid.String().Draw(t, "text"), rapid.SampledFrom([]Paint{0, Bold, Dim, Red, Green, Yellow}).Draw(t, "paint")}
		})
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 2), 1, 4).Draw(t, "rows")
		plain, colored := render(Style{}, []string{"A", ">B"}, rows), render(Style{Color: true}, []string{"A", ">B"}, rows)
		for i, line := range colored {
			if stripped := code.ReplaceAllString(line, ""); stripped != plain[i] {
				t.Fatalf("%q is %q without colours, want %q", line, stripped, plain[i])
			}
			if opened := code.FindAllString(line, -1); len(opened)%2 != 0 || len(opened) > 0 && opened[len(opened)-1] != "\x1b[0m" {
				t.Fatalf("%q leaves a colour open", line)
			}
		}
	})
}

// TestPlainTextOrdersNothing: as many characters, none of which a terminal obeys, and
// once is enough.
func TestPlainTextOrdersNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text")) // invalid UTF-8 too
		got := Plain(text)
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }); i >= 0 {
			t.Fatalf("%q has an order at %d", got, i)
		}
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) != utf8.RuneCountInString(text) || Plain(got) != got {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func TestATableKeepsToItsHeads(t *testing.T) {
	l := New("A", "B")
	if l.Len() != 0 {
		t.Error(l.Len())
	}
	l.Add("x") // the rest is empty
	l.Add()
	if l.Len() != 2 {
		t.Error(l.Len())
	}
	var b bytes.Buffer
	if l.Write(&b, Style{}); b.String() != "A\nx\n\n" {
		t.Errorf("%q", b.String())
	}
	b.Reset()
	if New("A").Write(&b, Style{}); b.String() != "\n" {
		t.Errorf("without a row: %q", b.String())
	}
	if got := (Style{Color: true}).Bold(""); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	if got := render(Style{}, []string{"A"}, [][]Cell{{{"a\nb", 0}}}); !slices.Equal(got, []string{"A", "a\ufffdb"}) {
		t.Errorf("a line break in a cell: %q", got)
	}
}
