// Package ndjson makes bodies of ticks ready for a parser that reads one object a line, and says
// which elements were none. It keeps no state.
package ndjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Mistake is an invalid element of a body.
type Mistake struct {
	Line           int // or element, from 1
	Reason, Detail string
}

// Of turns a JSON array of objects, or one object, into NDJSON with one line
// per element, so that line numbers identify elements. Other elements become an
// empty line and a mistake. It fails if the text is not JSON.
func Of(text []byte) (lines []byte, wrong []Mistake, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var b bytes.Buffer
	b.Grow(len(text) + 64)
	element := func(n int) error {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("element %d: %w", n, err)
		}
		if raw[0] != '{' {
			wrong = append(wrong, Mistake{n, "bad_json", "not an object"})
		} else if err := json.Compact(&b, raw); err != nil {
			return err
		}
		return b.WriteByte('\n')
	}
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '[' {
		if len(trimmed) == 0 {
			return nil, nil, nil
		}
		err = element(1)
	} else if _, err = d.Token(); err == nil {
		for n := 1; err == nil && d.More(); n++ {
			err = element(n)
		}
		if err == nil {
			_, err = d.Token()
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("there is data after the end")
	}
	return b.Bytes(), wrong, nil
}

// ObjectsOnly drops the lines before the first object of NDJSON, since the parser
// would take the first line for a table header. skipped is their number.
func ObjectsOnly(text []byte) (rest []byte, skipped int, wrong []Mistake) {
	for len(text) > 0 {
		line, after, _ := bytes.Cut(text, []byte("\n"))
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) > 0 && trimmed[0] == '{' {
			break
		}
		skipped++
		if len(trimmed) > 0 {
			wrong = append(wrong, Mistake{skipped, "bad_json", "not an object"})
		}
		text = after
	}
	return text, skipped, wrong
}
