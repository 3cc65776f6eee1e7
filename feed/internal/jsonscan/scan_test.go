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
