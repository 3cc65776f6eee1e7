package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// lines returns the first line in which two texts differ; empty for none.
func lines(was, is answer) string {
	if was.code != is.code {
		return fmt.Sprintf("exit code %d, was %d: %s", is.code, was.code, clip(is.problem))
	}
	a, b := was.out, is.out
	for n := 1; len(a) > 0 || len(b) > 0; n++ {
		x, restA, _ := bytes.Cut(a, []byte("\n"))
		y, restB, _ := bytes.Cut(b, []byte("\n"))
		if !bytes.Equal(x, y) {
			from := 0
			for from < min(len(x), len(y)) && x[from] == y[from] {
				from++
			}
			from = max(0, from-20)
			return fmt.Sprintf("line %d has %q, was %q", n, clip(y[min(from, len(y)):]), clip(x[min(from, len(x)):]))
		}
		a, b = restA, restB
	}
	if !bytes.Equal(was.out, is.out) {
		return "only one ends with a line break"
	}
	return ""
}

// answers returns the first member in which two JSON answers differ; empty for
// none.
func (p *plan) answers(was, is answer) string {
	if was.code != is.code {
		return fmt.Sprintf("exit code %d, was %d: %s", is.code, was.code, clip(is.problem))
	}
	if len(was.out) == 0 && len(is.out) == 0 {
		return ""
	}
	a, err := decode(was.out)
	if err != nil {
		return "base: " + err.Error()
	}
	b, err := decode(is.out)
	if err != nil {
		return "new: " + err.Error()
	}
	return p.value("", a, b)
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // 1.0 and 1 differ
	err = d.Decode(&v)
	return v, err
}

func (p *plan) value(path string, was, is any) string {
	switch was := was.(type) {
	case map[string]any:
		if is, ok := is.(map[string]any); ok {
			return p.object(path, was, is)
		}
	case []any:
		if is, ok := is.([]any); ok {
			return p.list(path, was, is)
		}
	default:
		if was == is {
			return ""
		}
	}
	return fmt.Sprintf("%s is %s, was %s", path, show(is), show(was))
}

func (p *plan) object(path string, was, is map[string]any) string {
	left := maps.Clone(is)
	for _, name := range slices.Sorted(maps.Keys(was)) {
		now := name
		if r, ok := p.renamed[name]; ok {
			now = r
		}
		here := path + "." + now
		if p.changed[now] {
			delete(left, now)
			continue
		}
		v, ok := left[now]
		if !ok {
			return here + " is missing"
		}
		delete(left, now)
		if here == ".seconds" { // the duration of the replay
			continue
		}
		if d := p.value(here, was[name], v); d != "" {
			return d
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if p.changed[name] {
			continue
		}
		return path + "." + name + " is new"
	}
	return ""
}

func (p *plan) list(path string, was, is []any) string {
	for i := range min(len(was), len(is)) {
		if d := p.value(path+"["+strconv.Itoa(i)+"]", was[i], is[i]); d != "" {
			return d
		}
	}
	if len(was) != len(is) {
		return fmt.Sprintf("%s has %d elements, had %d", path, len(is), len(was))
	}
	return ""
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return clip(b)
}

func clip(b []byte) string {
	const most = 120
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}

func seconds(took []time.Duration) (out []float64) {
	for _, t := range took {
		out = append(out, t.Seconds())
	}
	return out
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// ratios returns the median of new/base over pairs of runs, and its range. The
// slices have the same length, at least 1.
func ratios(base, fresh []time.Duration) (mid, low, high float64) {
	var r []float64
	for i := range base {
		r = append(r, float64(fresh[i])/float64(base[i]))
	}
	return median(r), slices.Min(r), slices.Max(r)
}
