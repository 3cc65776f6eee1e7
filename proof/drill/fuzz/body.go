package fuzz

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// packed holds compressed bodies that are too expensive to make for every request.
type packed struct{ bombs []oddity }

// bombSize is the decompressed size of a gzip bomb: more than a service accepts by
// default.
const bombSize = 64 << 20

func newPacked() packed {
	line := []byte(`{"bookmaker":"fuzz-a","event_id":"fuzz-0","market":"h2h","selection":"home","price":1.5}` + "\n")
	return packed{[]oddity{
		{"gzip bomb of zeros", inflated([]byte{0}, bombSize)},
		{"gzip bomb of line ends", inflated([]byte("\n"), bombSize)},
		{"gzip bomb of brackets", inflated([]byte("["), bombSize)},
		{"gzip bomb of ticks", inflated(line, bombSize/4)},
		{"gzip bomb in a gzip bomb", string(zip([]byte(inflated([]byte{0}, bombSize))))},
	}}
}

// inflated returns gzip data that decompresses to size bytes.
func inflated(of []byte, size int) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	chunk := bytes.Repeat(of, max(1, (64<<10)/len(of)))
	for n := 0; n < size; n += len(chunk) {
		_, _ = w.Write(chunk) // to memory
	}
	_ = w.Close()
	return b.String()
}

func zip(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text) // to memory
	_ = w.Close()
	return b.Bytes()
}

// tick returns one valid tick. It uses few names, so that a fuzz takes a bounded
// amount of the service's memory however long it runs.
func tick(r *rand.Rand, now time.Time) map[string]any {
	return map[string]any{
		"ts_source": now.UTC().Format("2006-01-02T15:04:05.000Z"), "bookmaker": "fuzz-" + pick(r, []string{"a", "b", "c"}),
		"event_id": "fuzz-" + strconv.Itoa(r.IntN(8)), "sport": "tennis", "home": "Ann", "away": "Bea", "market": "h2h",
		"selection": pick(r, []string{"home", "away"}), "price": 1.01 + float64(r.IntN(800))/100,
	}
}

// columns are the header of CSV.
const columns = "ts_source,bookmaker,event_id,sport,home,away,market,selection,price"

// write encodes ticks in a format.
func write(form string, ticks []map[string]any) []byte {
	var b bytes.Buffer
	switch form {
	case "application/json":
		text, _ := json.Marshal(ticks) // texts and numbers
		return text
	case "text/csv":
		fmt.Fprintln(&b, columns)
		for _, t := range ticks {
			for i, name := range strings.Split(columns, ",") {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(csvField(t[name]))
			}
			b.WriteByte('\n')
		}
	default:
		for _, t := range ticks {
			text, _ := json.Marshal(t)
			b.Write(text)
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func csvField(v any) string {
	if v == nil {
		return ""
	}
	s := fmt.Sprint(v)
	if strings.ContainsAny(s, ",\"\r\n") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// validBody returns a valid body for an operation.
func validBody(r *rand.Rand, form string, now time.Time) []byte {
	ticks := make([]map[string]any, 1+r.IntN(8))
	for i := range ticks {
		ticks[i] = tick(r, now)
	}
	return write(form, ticks)
}

// oddTicks returns a body with some ticks that have odd members.
func oddTicks(r *rand.Rand, form string, now time.Time) (body []byte, what string) {
	ticks := make([]map[string]any, 1+r.IntN(4))
	for i := range ticks {
		t := tick(r, now)
		name := pick(r, append(strings.Split(columns, ","), "line", "status", "seq", "size", "start_time", "is_main", "in_play", "price_format", "resolution_ms", "unknown"))
		o := pick(r, pick(r, oddValues()))
		what = "tick with " + o.what
		switch r.IntN(6) {
		case 0:
			delete(t, name)
			what = "tick without a member"
		case 1:
			t[name] = pick(r, []any{nil, true, []any{}, map[string]any{"a": []any{1, nil}}, -1, 0, 1e300, -1e-300, 1 << 62})
			what = "tick with a member of another type"
		default:
			t[name] = o.value
		}
		ticks[i] = t
	}
	return write(form, ticks), what
}

// broken turns a valid body into an invalid one.
func broken(r *rand.Rand, body []byte) ([]byte, string) {
	b := bytes.Clone(body)
	switch r.IntN(8) {
	case 0:
		return b[:r.IntN(len(b))], "body cut off"
	case 1:
		for range 1 + r.IntN(8) {
			b[r.IntN(len(b))] = byte(r.UintN(256))
		}
		return b, "body with changed bytes"
	case 2:
		at := r.IntN(len(b))
		return append(append(bytes.Clone(b[:at]), b[r.IntN(len(b)):]...), b[at:]...), "body with a part twice"
	case 3:
		return []byte(strings.Repeat(pick(r, []string{"[", `{"a":`, `[{"a":[`, `"`}), 1+r.IntN(20_000))), "deeply nested body"
	case 4:
		b = make([]byte, r.IntN(4096))
		for i := range b {
			b[i] = byte(r.UintN(256))
		}
		return b, "random bytes"
	case 5:
		return nil, "empty body"
	case 6:
		return []byte(pick(r, []string{"null", "[]", "{}", "[null]", "[[]]", "0", `""`, "[{}]", "\ufeff", "\n\n\n", ",,,\n", columns, columns + "\n", "a,a,a\n1,2,3\n", `{"a":1}{"a":2}`, "[{},", "\"\n\"", "\x00", `[1e999]`, `{"price":1,"price":2}`})), "body of hardly anything"
	}
	return bytes.Repeat(append(b, '\n'), 1+(150_000/(len(b)+1))), "body repeated"
}
