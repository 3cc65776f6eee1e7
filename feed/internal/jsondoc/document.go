// Package jsondoc reads one JSON text whole, into memory that is used again, and finds values in
// it by paths.
package jsondoc

import (
	"errors"

	"corrgraph/feed/internal/jsonscan"
)

// Node is one value of a JSON text.
type Node struct {
	Key         []byte // its name in the object that it is in
	Text        []byte // of a string what it says, of a number, true and false as written
	Kind        byte   // { [ " 0 t f n
	child, next int32  // places in Document.Nodes; 0 none
}

// Document is a JSON text that was read whole. Its memory is used again for the next one.
type Document struct {
	Nodes []Node
	scan  jsonscan.Scanner
	err   error
}

// The limits of a document.
const (
	MostNodes = 1 << 20
	mostDepth = 64
	KeptNodes = 1 << 15 // that stay for the next document
)

// What is wrong with a text that is JSON.
var (
	ErrTooMany = errors.New("more than 1048576 values in one message")
	ErrTooDeep = errors.New("nested more than 64 deep")
	ErrMore    = errors.New("more than one JSON value in one message")
)

// Read reads a text; node 0 is its value. The text must not change while the document is used.
func (d *Document) Read(text []byte) error {
	if cap(d.Nodes) > KeptNodes {
		d.Nodes = nil
	}
	d.Nodes, d.err = d.Nodes[:0], nil
	d.scan = jsonscan.New(text, 0)
	d.value(nil, 0)
	switch {
	case d.err != nil:
	case d.scan.Err() != nil:
		d.err = d.scan.Err()
	case !d.scan.End():
		d.err = ErrMore
	}
	return d.err
}

// value reads a value and returns its place.
func (d *Document) value(key []byte, depth int) int32 {
	if len(d.Nodes) >= MostNodes || depth > mostDepth {
		if d.err = ErrTooMany; depth > mostDepth {
			d.err = ErrTooDeep
		}
		d.scan.Skip()
		return 0
	}
	at := int32(len(d.Nodes))
	d.Nodes = append(d.Nodes, Node{Key: key})
	switch c := d.scan.Peek(); c {
	case '{', '[':
		d.Nodes[at].Kind = c
		d.inside(at, c, depth+1)
	case '"':
		text, _ := d.scan.String()
		d.Nodes[at].Kind, d.Nodes[at].Text = c, text
	default:
		text := d.scan.Raw()
		if c == '-' || '0' <= c && c <= '9' {
			c = '0'
		}
		d.Nodes[at].Kind, d.Nodes[at].Text = c, text
	}
	return at
}

// inside reads the members or elements of a value.
func (d *Document) inside(at int32, c byte, depth int) {
	last, closing := int32(0), c+2 // { and }, [ and ] are two apart
	enter := d.scan.Array
	if c == '{' {
		enter = d.scan.Object
	}
	for more := enter(); more; more = d.scan.More(closing) {
		var key []byte
		if c == '{' {
			key = d.scan.Key()
		}
		n := d.value(key, depth)
		if d.err != nil {
			continue // to its end, so that what is wrong with the text is found too
		}
		if last == 0 {
			d.Nodes[at].child = n
		} else {
			d.Nodes[last].next = n
		}
		last = n
	}
}

// Word is a value as a word; nil for null, objects and arrays.
func (n *Node) Word() []byte {
	switch n.Kind {
	case '"', '0', 't', 'f':
		return n.Text
	}
	return nil
}
