package jsondoc

import (
	"fmt"
	"strconv"
	"strings"
)

// kind of a step of a path.
type stepKind uint8

const (
	member   stepKind = iota // .name
	element                  // [0]
	elements                 // [] each element of an array
	members                  // {} each member of an object
)

// Step is one step of a path.
// Step is one step of a path.
type Step struct {
	kind  stepKind
	name  string
	index int
}

// Path is where a value is.
type Path struct {
	Text  string
	Of    Origin
	Steps []Step
	Loop  int  // with OfLoop: in which [] or {} of the rows' path it begins, from 1
	Key   bool // the name of the member in place of its value
}

// Origin is where a path begins.
type Origin uint8

// The origins of paths.
// The beginnings of paths.
const (
	OfRow   Origin = iota
	OfRoot         // the message
	OfLoop         // what the row is in
	OfEvent        // the name of a server-sent event, or which channel of the connection
	OfText         // the whole message, if it is no JSON
)

// ParsePath reads a path: names and places in arrays.
func ParsePath(text string) (p Path, err error) {
	p.Text = text
	rest := text
	switch text {
	case "":
		return p, fmt.Errorf("it is empty; write a path such as data[0].price")
	case "@event":
		p.Of = OfEvent
		return p, nil
	case "@text":
		p.Of = OfText
		return p, nil
	}
	if r, ok := strings.CutPrefix(rest, "/"); ok {
		p.Of, rest = OfRoot, r
	}
	if r, ok := strings.CutSuffix(rest, "@"); ok {
		p.Key, rest = true, r
	}
	if rest == "." || rest == "" && (p.Of == OfRoot || p.Key) {
		return p, nil
	}
	for i, part := range strings.Split(rest, ".") {
		if p.Steps, err = parseStep(p.Steps, part, i == 0); err != nil {
			return p, fmt.Errorf("%q: %w; write a path such as data[0].price or events[].markets{}.odds", text, err)
		}
	}
	return p, nil
}

// parseStep adds what stands between two points: a name and brackets behind it.
func parseStep(to []Step, part string, first bool) ([]Step, error) {
	name := part
	if i := strings.IndexAny(part, "[{"); i >= 0 {
		name = part[:i]
	}
	rest := part[len(name):]
	if strings.ContainsAny(name, "]}@/ ") || name == "" && (rest == "" || !first) {
		return to, fmt.Errorf("%q is no name", part)
	}
	if name != "" {
		to = append(to, Step{kind: member, name: name})
	}
	for rest != "" {
		if r, ok := strings.CutPrefix(rest, "[]"); ok {
			to, rest = append(to, Step{kind: elements}), r
			continue
		}
		if r, ok := strings.CutPrefix(rest, "{}"); ok {
			to, rest = append(to, Step{kind: members}), r
			continue
		}
		inside, r, ok := strings.Cut(strings.TrimPrefix(rest, "["), "]")
		n, err := strconv.ParseUint(inside, 10, 16)
		if rest[0] != '[' || !ok || err != nil {
			return to, fmt.Errorf("%q is no place in an array", rest)
		}
		to, rest = append(to, Step{kind: element, index: int(n)}), r
	}
	return to, nil
}

// Loops counts the steps that stand for each of several values.
func Loops(steps []Step) (n int) {
	for _, s := range steps {
		if s.kind == elements || s.kind == members {
			n++
		}
	}
	return n
}

// Within fits a path of a field to the rows that it is read from: what it has of [] and {} is
// the one that the row is in.
func (p Path) Within(rows Path) (Path, error) {
	n := Loops(p.Steps)
	if n == 0 {
		return p, nil
	}
	if p.Of != OfRoot {
		return p, fmt.Errorf("%q has %d values for one row; put the [] under rows, or name one: [0]", p.Text, n)
	}
	last := 0
	for i, s := range p.Steps {
		if s.kind == elements || s.kind == members {
			last = i + 1
		}
	}
	if last > len(rows.Steps) {
		return p, fmt.Errorf("%q goes through other arrays than the rows %q; begin with the same", p.Text, rows.Text)
	}
	for i, s := range p.Steps[:last] {
		if s != rows.Steps[i] {
			return p, fmt.Errorf("%q goes through other arrays than the rows %q; begin with the same", p.Text, rows.Text)
		}
	}
	p.Of, p.Loop, p.Steps = OfLoop, n, p.Steps[last:]
	return p, nil
}

// Follow returns the node that single steps lead to from a node, or −1.
func (d *Document) Follow(at int32, steps []Step) int32 {
	for i := range steps {
		if at = d.step(at, &steps[i]); at < 0 {
			return -1
		}
	}
	return at
}

func (d *Document) step(at int32, s *Step) int32 {
	n := &d.Nodes[at]
	switch {
	case s.kind == member && n.Kind == '{':
		for c := n.child; c != 0; c = d.Nodes[c].next {
			if k := d.Nodes[c].Key; len(k) == len(s.name) && string(k) == s.name {
				return c
			}
		}
	case s.kind == element && n.Kind == '[':
		c := n.child
		for i := 0; i < s.index && c != 0; i++ {
			c = d.Nodes[c].next
		}
		if c != 0 {
			return c
		}
	}
	return -1
}

// Each calls f for every node that steps lead to from a node, with what it is in on the way.
func (d *Document) Each(at int32, steps []Step, in []int32, f func(at int32, in []int32)) {
	for i := range steps {
		s := &steps[i]
		if s.kind == elements || s.kind == members {
			want := byte('[')
			if s.kind == members {
				want = '{'
			}
			if d.Nodes[at].Kind != want {
				return
			}
			for c := d.Nodes[at].child; c != 0; c = d.Nodes[c].next {
				d.Each(c, steps[i+1:], append(in, c), f)
			}
			return
		}
		if at = d.step(at, s); at < 0 {
			return
		}
	}
	f(at, in)
}
