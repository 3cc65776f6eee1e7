package stream

import (
	"time"

	"go.yaml.in/yaml/v4"

	"corrgraph/feed/internal/keys"
	"corrgraph/feed/stream/placeholder"
)

// Map describes one source: how it is connected to, how its messages are told apart, and what
// in them is a price of what. Only name, transport, url, messages and fields are required.
type Map struct {
	Name   string `yaml:"name"`   // of the source, in messages and as the connector's name
	About  string `yaml:"about"`  // one line for people
	Source string `yaml:"source"` // the clock behind ts_source; default the name

	Transport string                `yaml:"transport"` // sse or websocket
	URL       string                `yaml:"url"`       // https://… or wss://…
	Headers   map[string]string     `yaml:"headers"`   // of the request or handshake
	Query     map[string]Words      `yaml:"query"`     // added to the url; a list is sent as several parameters
	Subscribe []placeholder.Payload `yaml:"subscribe"` // messages that are sent after a websocket has opened
	Repair    []placeholder.Payload `yaml:"repair"`    // messages that make the source send images again; without them a new connection is opened
	Resume    *Resume               `yaml:"resume"`    // how to go on where a lost connection ended
	Alive     Alive                 `yaml:"alive"`
	Close     map[int]Act           `yaml:"close"` // what to do after a websocket was closed with this code
	HTTP      map[int]Act           `yaml:"http"`  // what to do after a request or handshake was answered with this status

	Messages []Message        `yaml:"messages"` // the first one that fits says what a message is
	Fields   map[string]Field `yaml:"fields"`   // what the fields of a row are, unless a message says otherwise
	Sequence *Sequence        `yaml:"sequence"`

	prog *program
}

// Message is a kind of message and what it means.
type Message struct {
	When   map[string]Words `yaml:"when"`   // by path: the values of which one must be there; "*" any
	Is     string           `yaml:"is"`     // snapshot, delta, remove, event, heartbeat, resync, error or ignore
	Rows   []Rows           `yaml:"rows"`   // where the rows are; default the message itself is one
	Fields map[string]Field `yaml:"fields"` // in place of those of the map
	Covers string           `yaml:"covers"` // of a snapshot, what it says all of: market (default), event, or all that there is
	Final  map[string]Words `yaml:"final"`  // of a snapshot in parts that covers all: what only its last part has, like when
	Do     string           `yaml:"do"`     // of an error, as in Act
	After  Duration         `yaml:"after"`
	Say    string           `yaml:"say"`
}

// Act is what to do about an error.
type Act struct {
	Do    string   `yaml:"do"`    // reconnect (default), wait, refuse (connecting again is of no use before somebody has done something) or ignore
	After Duration `yaml:"after"` // of wait: how long; default 1m
	Say   string   `yaml:"say"`   // what somebody has to do
}

// Rows is a place in a message where rows are: the path of an array's elements, "data[]".
type Rows struct {
	At     string           `yaml:"at"`
	Fields map[string]Field `yaml:"fields"` // in place of those of the message and the map
}

// Field is where a field of a row comes from: a path, alone or in a mapping with these keys.
// The value is computed in the order path, match, lower, words.
type Field struct {
	Path  string            `yaml:"path"`
	Const *string           `yaml:"const"` // the same for every row
	Match string            `yaml:"match"` // regular expression; the value becomes its first group, or the whole match; without a match it is absent
	Lower bool              `yaml:"lower"`
	Words map[string]string `yaml:"words"` // translations
	Else  string            `yaml:"else"`  // of a value without a translation: skip (default: the row is left out and counted), keep, or the word to take
	Unit  string            `yaml:"unit"`  // of ts_source and start: s, ms, us or ns since 1970; default RFC 3339, or by the number's size
}

// Sequence is how messages are numbered.
type Sequence struct {
	Path string `yaml:"path"` // a whole number that grows by one; messages without it are not numbered
}

// Resume is how a source goes on where a connection was lost.
type Resume struct {
	ID     string   `yaml:"id"`     // path of the position in a message; @id for the id of a server-sent event
	Within Duration `yaml:"within"` // how far back the source can go; default 1m
}

// Alive says how a source shows that it is alive.
type Alive struct {
	Silence Duration             `yaml:"silence"` // after so long without any message the connection is dead; default 30s
	Quiet   Duration             `yaml:"quiet"`   // after so long without a row images are asked for by repair, or else by a new connection; default 15s with repair, 5m without
	Ping    *placeholder.Payload `yaml:"ping"`    // a message that keeps the connection open
	Every   Duration             `yaml:"every"`   // how often it is sent; default 15s
}

// The limits of what a map may ask for.
const (
	mostRows     = 64
	mostMessages = 256
)

// UnmarshalYAML takes a path alone or the mapping.
func (r *Rows) UnmarshalYAML(n *yaml.Node) error {
	type plain Rows
	if n.Kind == yaml.ScalarNode {
		r.At = n.Value
		return nil
	}
	return n.Decode((*plain)(r))
}

// UnmarshalYAML takes a path alone or the mapping.
func (f *Field) UnmarshalYAML(n *yaml.Node) error {
	type plain Field
	if n.Kind == yaml.ScalarNode {
		f.Path = n.Value
		return nil
	}
	return n.Decode((*plain)(f))
}

// Words is one word or a list of them.
type Words []string

// UnmarshalYAML takes a word alone or the list.
func (w *Words) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*w = Words{n.Value}
		return nil
	}
	return n.Decode((*[]string)(w))
}

// Duration is a time.Duration in Go's notation: "30s".
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v <= 0 {
		return keys.ErrAt(n, "%q is no duration; write one such as 30s or 5m", n.Value)
	}
	*d = Duration(v)
	return nil
}
