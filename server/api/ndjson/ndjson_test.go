package ndjson

import (
	"fmt"
	"testing"
)

func TestOf(t *testing.T) {
	for body, want := range map[string]string{
		``:                            `"" [] <nil>`,
		` [] `:                        `"" [] <nil>`,
		`{"a": 1}`:                    `"{\"a\":1}\n" [] <nil>`,
		"[{\"a\":\n1}, 7, {\"b\":2}]": `"{\"a\":1}\n\n{\"b\":2}\n" [{2 bad_json not an object}] <nil>`,
		`[{"a":1}] x`:                 `"" [] there is data after the end`,
		`[{"a":1}, {]`:                `"" [] element 2: invalid character ']' looking for beginning of object key string`,
	} {
		got, wrong, err := Of([]byte(body))
		if said := fmt.Sprintf("%q %v %v", got, wrong, err); said != want {
			t.Errorf("%q: %s, want %s", body, said, want)
		}
	}
}

func TestObjectsOnly(t *testing.T) {
	for body, want := range map[string]string{
		"{}\n7":              `"{}\n7" 0 []`,
		"\n  \nts,price\n{}": `"{}" 3 [{3 bad_json not an object}]`,
		"1\n2":               `"" 2 [{1 bad_json not an object} {2 bad_json not an object}]`,
	} {
		got, skipped, wrong := ObjectsOnly([]byte(body))
		if said := fmt.Sprintf("%q %d %v", got, skipped, wrong); said != want {
			t.Errorf("%q: %s, want %s", body, said, want)
		}
	}
}
