package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"corrgraph/feed/stream"
	"corrgraph/feed/stream/placeholder"
)

// vault has the secrets of a session and knows them when it sees them.
type vault struct {
	secret func(name string) (string, error)
	known  map[string]string // by name
	marks  [][2]string       // a secret in some spelling, and its placeholder; longest first
}

// leastSecret is the length from which on a secret is looked for in what the source sends: a
// shorter one could be any word.
const leastSecret = 6

// unlock asks for every secret that the map sends.
func (v *vault) unlock(m *stream.Map, address string) error {
	v.known = map[string]string{}
	f := placeholder.Filling{Secret: v.ask}
	_, _, err := f.Text(address)
	for _, text := range m.Headers {
		_, _, e := f.Text(text)
		err = errors.Join(err, e)
	}
	for _, texts := range m.Query {
		for _, text := range texts {
			_, _, e := f.Text(text)
			err = errors.Join(err, e)
		}
	}
	sent := slices.Concat(m.Subscribe, m.Repair)
	if m.Alive.Ping != nil {
		sent = append(sent, *m.Alive.Ping)
	}
	for i := range sent {
		_, _, e := f.Payload(&sent[i])
		err = errors.Join(err, e)
	}
	slices.SortFunc(v.marks, func(a, b [2]string) int {
		if len(a[0]) != len(b[0]) {
			return len(b[0]) - len(a[0])
		}
		return strings.Compare(a[0], b[0])
	})
	return err
}

// ask returns a secret, and remembers how it may be spelt.
func (v *vault) ask(name string) (string, error) {
	if s, ok := v.known[name]; ok {
		return s, nil
	}
	if v.secret == nil {
		return "", fmt.Errorf("secret %s: there are no secrets here", name)
	}
	s, err := v.secret(name)
	if err == nil && s == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	v.known[name] = s
	quoted, _ := json.Marshal(s) // a string can always be
	for _, spelt := range []string{s, url.QueryEscape(s), url.PathEscape(s), string(quoted[1 : len(quoted)-1])} {
		v.marks = append(v.marks, [2]string{spelt, "${secret:" + name + "}"})
	}
	return s, nil
}

// filling fills placeholders in.
func (v *vault) filling(position string) placeholder.Filling {
	return placeholder.Filling{Secret: v.ask, Position: position}
}

// scrub puts placeholders in the place of secrets.
func (v *vault) scrub(text string) string {
	for _, m := range v.marks {
		text = strings.ReplaceAll(text, m[0], m[1])
	}
	return text
}

// scrubbed does the same with what the source sent.
func (v *vault) scrubbed(data []byte) []byte {
	for _, m := range v.marks {
		if len(m[0]) >= leastSecret && bytes.Contains(data, []byte(m[0])) {
			data = bytes.ReplaceAll(data, []byte(m[0]), []byte(m[1]))
		}
	}
	return data
}
