package table

import (
	"bytes"
	"strings"
	"testing"
)

func TestTableLinesUp(t *testing.T) {
	l := New("Name", ">n", "Never", "Flag")
	l.Add("ü", "7", "", Cell{"yes", Red})
	l.Add("longer", "123", "", "")
	l.Add("", "1", "", "no")
	var b bytes.Buffer
	l.Write(&b, Style{})
	want := "Name      n  Flag\nü         7  yes\nlonger  123\n          1  no\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	// Colours shift no column, and every colour is reset.
	var colored bytes.Buffer
	l.Write(&colored, Style{Color: true})
	plain := colored.String()
	for _, code := range []string{"\x1b[01m", "\x1b[31m", "\x1b[0m"} {
		if !strings.Contains(plain, code) {
			t.Errorf("no %q in %q", code, plain)
		}
		plain = strings.ReplaceAll(plain, code, "")
	}
	if plain != want {
		t.Errorf("without its colours:\n%s", plain)
	}
}

func TestNothingOrdersATerminal(t *testing.T) {
	if got := (Style{}).Bold("\x1b[31mred"); got != "�[31mred" {
		t.Errorf("%q", got)
	}
	if got := Plain("Evil\x1b[2J\tFC\u202e\a"); got != "Evil�[2J FC��" {
		t.Errorf("%q", got)
	}
}
