package jsonscan

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// value reads any value into the types of encoding/json.
func value(s *Scanner) any {
	switch s.Peek() {
	case '{':
		o := map[string]any{}
		for more := s.Object(); more; more = s.More('}') {
			key := string(s.Key())
			o[key] = value(s)
		}
		return o
	case '[':
		a := []any{}
		for more := s.Array(); more; more = s.More(']') {
			a = append(a, value(s))
		}
		return a
	case '"':
		text, _ := s.String()
		return string(text)
	case 't', 'f':
		return string(s.Raw()) == "true"
	case 'n':
		s.Skip()
		return nil
	}
	v, _ := s.Number()
	return v
}

// check compares one text with encoding/json: whether it is accepted, and its value.
func check(t *testing.T, text []byte) {
	t.Helper()
	var want any
	err := json.Unmarshal(text, &want)
	var beyond *json.UnmarshalTypeError
	if errors.As(err, &beyond) { // 1e999 is valid JSON that float64 can't hold
		return
	}
	s := New(text, 0)
	got := value(&s)
	end := s.End()
	if ok := end && s.Err() == nil; ok != (err == nil) {
		t.Fatalf("%q: accepted %v (%v), encoding/json says %v", text, ok, s.Err(), err)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: %#v, want %#v", text, got, want)
	}
	skip := New(text, 0)
	skip.Skip()
	if ok := skip.End() && skip.Err() == nil; ok != (err == nil) {
		t.Fatalf("%q: Skip accepts %v, encoding/json says %v", text, ok, err)
	}
	if errors.Is(s.Err(), ErrCut) && json.Valid(text) {
		t.Fatalf("%q is whole but called cut", text)
	}
}

var texts = []string{
	``, ` `, `null`, `true`, `fals`, `"a"`, `"a\n\u00e9\ud83d\ude00\ud800"`, "\"\xff\"", "\"\x01\"", `"\x"`, `"\`, `"\u12`,
	`0`, `-0`, `01`, `-`, `1.`, `.5`, `1.5`, `-1.25e3`, `1e`, `1e+`, `1E-2`, `123456789012345678901234567890`, `0.1000000000000000055511151231257827`,
	`1e999`, `5e-324`, `1797693134862315`, `0.30000000000000004`, `999999999999999`, `9007199254740993`,
	`{}`, `[]`, `[1,]`, `{"a":1,}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":1,"a":2}`, `[[],[{}],{"a":[null,true]}]`, `{a:1}`, `[1 2]`, `[1]x`, `}`,
	"\ufeff1", "\t[ 1 , 2 ]\r\n", `{"price":-110,"point":10.5}`, `{"":""}`,
}

func TestAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range texts {
		check(t, []byte(text))
	}
	for _, depth := range []int{9999, 10000, 10001} {
		check(t, []byte(strings.Repeat("[", depth)+strings.Repeat("]", depth)))
	}
}

func FuzzScanner(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(check)
}

func TestEveryPrefixIsCut(t *testing.T) {
	const text = `{"a":[1.5e3,"x\u00e9",true,null,{"b":false}]}`
	for n := range text {
		s := New([]byte(text[:n]), 0)
		if value(&s); !errors.Is(s.Err(), ErrCut) {
			t.Errorf("%q: %v", text[:n], s.Err())
		}
	}
}

// Every error says what was wanted and where, and Pos is that place.
func TestErrorsSayWhatAndWhere(t *testing.T) {
	for text, want := range map[string]struct {
		pos  int
		text string
	}{
		``:                  {0, "byte 0: the JSON text is cut off: want a value"},
		`  `:                {2, "byte 2: the JSON text is cut off: want a value"},
		`{"a":1`:            {6, "byte 6: the JSON text is cut off: want a comma or the end"},
		`{"a"`:              {4, "byte 4: the JSON text is cut off: want a colon"},
		`{"a":`:             {5, "byte 5: the JSON text is cut off: want a value"},
		`"abc`:              {4, "byte 4: the JSON text is cut off: want the end of a string"},
		`nul`:               {3, "byte 3: the JSON text is cut off: want null"},
		`-`:                 {1, "byte 1: the JSON text is cut off: want a number"},
		`1.`:                {2, "byte 2: the JSON text is cut off: want a decimal"},
		`1e+`:               {3, "byte 3: the JSON text is cut off: want an exponent"},
		`{1:2}`:             {1, "byte 1: want a member name, not '1'"},
		`{"a";2}`:           {4, "byte 4: want a colon, not ';'"},
		`[1 2]`:             {3, "byte 3: want a comma or the end, not '2'"},
		`[1}`:               {2, "byte 2: want a comma or the end, not '}'"},
		`[1,]`:              {3, "byte 3: want a value, not ']'"},
		`trap`:              {2, "byte 2: want true, not 'a'"},
		`012`:               {1, "byte 1: want a number, not '1'"},
		`-x`:                {1, "byte 1: want a number, not 'x'"},
		`1.x`:               {2, "byte 2: want a decimal, not 'x'"},
		`1ex`:               {2, "byte 2: want an exponent, not 'x'"},
		"\"a\tb\"":          {2, `byte 2: want no control byte in a string, not '\t'`},
		`["ok","\x"]`:       {6, `byte 6: want a valid string, not '"'`},
		`[1,[2,{"a":tru}]]`: {14, "byte 14: want true, not '}'"},
	} {
		s := New([]byte(text), 0)
		s.Skip()
		if err := s.Err(); err == nil || err.Error() != want.text || s.Pos() != want.pos {
			t.Errorf("%q: %v at %d, want %s", text, err, s.Pos(), want.text)
		}
		if s.End() || s.Object() || s.Array() || s.More(']') || s.Raw() != nil || s.Peek() != 0 {
			t.Errorf("%q: the scanner goes on after its error", text)
		}
		if _, ok := s.String(); ok {
			t.Errorf("%q: a string after the error", text)
		}
		if _, ok := s.Number(); ok {
			t.Errorf("%q: a number after the error", text)
		}
		if err := s.Err(); err.Error() != want.text {
			t.Errorf("%q: the first error became %v", text, err)
		}
	}
}

// An error lies inside its text, also where an escape is all that is left.
func TestErrorsLieInsideTheirText(t *testing.T) {
	for _, text := range []string{`"\`, `"a\`, `["x","\`, `"\u12`, "\"é\\"} {
		s := New([]byte(text), 0)
		if s.Skip(); !errors.Is(s.Err(), ErrCut) || s.Pos() > len(text) {
			t.Errorf("%q of %d bytes: %v, at %d", text, len(text), s.Err(), s.Pos())
		}
	}
}

func TestTooDeepIsAnErrorOfItsOwn(t *testing.T) {
	s := New([]byte(strings.Repeat("[", 10001)), 0)
	if s.Skip(); s.Err() == nil || s.Err().Error() != "byte 10000: nested too deeply, not '['" {
		t.Errorf("%v", s.Err())
	}
	// Depth is what is open, not what was: a long list of lists is flat.
	s = New([]byte("["+strings.Repeat("[[]],", 20000)+"[]]"), 0)
	if s.Skip(); s.Err() != nil || !s.End() {
		t.Errorf("a flat list: %v", s.Err())
	}
}

// A value of another type is skipped whole and reported as absent, and what
// follows it is read.
func TestAnotherTypeIsAbsent(t *testing.T) {
	for _, value := range []string{`{"a":[1]}`, `[{"a":1}]`, `"text"`, `1.5`, `true`, `false`, `null`, `1e999`} {
		text := []byte(`[` + value + `,7]`)
		first := value[0]
		for name, read := range map[string]func(*Scanner) bool{
			"string": func(s *Scanner) bool { _, ok := s.String(); return ok == (first == '"') },
			"number": func(s *Scanner) bool { _, ok := s.Number(); return ok == (value == "1.5") },
			"object": func(s *Scanner) bool { return first == '{' || !s.Object() },
			"array":  func(s *Scanner) bool { return first == '[' || !s.Array() },
		} {
			if name == "object" && first == '{' || name == "array" && first == '[' {
				continue
			}
			s := New(text, 0)
			s.Array()
			if !read(&s) || !s.More(']') {
				t.Errorf("%s read as a %s: %v", value, name, s.Err())
				continue
			}
			if v, ok := s.Number(); !ok || v != 7 || s.More(']') || !s.End() {
				t.Errorf("%s read as a %s: then %v, %v", value, name, v, s.Err())
			}
		}
	}
}

// A scanner reads from an offset, so that value after value of one text can be
// read; its positions are those of the text.
func TestValuesInOneText(t *testing.T) {
	text := []byte(` {"a":1} [2] "x" `)
	var got []string
	for from := 0; ; {
		s := New(text, from)
		raw := s.Raw()
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
		got = append(got, string(raw))
		if from = s.Pos(); s.End() {
			break
		}
	}
	if want := []string{`{"a":1}`, `[2]`, `"x"`}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Names and strings without escapes are read where they stand.
func TestPlainTextIsNotCopied(t *testing.T) {
	text := []byte(`{"price":"2.5","é":"plain"}`)
	if n := testing.AllocsPerRun(100, func() {
		s := New(text[:14], 0)
		s.Object()
		s.Key()
		s.String()
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	s := New(text, 0)
	s.Object()
	if key := s.Key(); &key[0] != &text[2] {
		t.Error("a plain name was copied")
	}
	value, _ := s.String()
	text[10] = '3'
	if string(value) != "3.5" {
		t.Error("a plain string was copied")
	}
}
