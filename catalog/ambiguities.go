package catalog

import (
	"slices"
	"strings"

	"corrgraph/internal/state"
	"corrgraph/odds"
)

// Ambiguity is something with more than one possible meaning, and what was done about it.
type Ambiguity struct {
	Kind       string    `json:"kind"`       // "participant", "event", "id", "roles" or "name"
	Name       string    `json:"name"`       // the event's title, or the name as its source spells it
	Source     string    `json:"source"`     // the source that raised the question
	SourceID   string    `json:"source_id"`  // its id for the event
	Candidates []string  `json:"candidates"` // ids of the events, teams or players it could mean
	Why        string    `json:"why"`        // why it is not certain
	Done       string    `json:"done"`       // what was done
	Since      odds.Time `json:"since"`      // event time
}

// Ambiguities are what a person may want to look at, in order of arrival. They are
// immutable.
type Ambiguities struct {
	List    []Ambiguity `json:"ambiguities"` // the newest MostListed
	Dropped int         `json:"dropped"`     // older ones
}

// MostListed limits the ambiguities that are kept.
const MostListed = 1000

// doubts collects ambiguities, each once.
type doubts struct {
	list    []Ambiguity
	keys    []string // of list
	listed  map[string]bool
	dropped int
	shown   *Ambiguities // what was last handed out; nil since the last change
}

// add lists an ambiguity, once for each reason, id of a source and meanings.
func (d *doubts) add(a Ambiguity) {
	d.addOnce(strings.Join(append([]string{a.Kind, a.Source, a.SourceID, a.Why}, a.Candidates...), "\x00"), a)
}

// addOnce lists an ambiguity unless one with the same key is listed.
func (d *doubts) addOnce(key string, a Ambiguity) {
	if d.listed[key] {
		return
	}
	if d.listed == nil {
		d.listed = map[string]bool{}
	}
	if len(d.list) == MostListed {
		delete(d.listed, d.keys[0])
		d.list, d.keys = slices.Delete(d.list, 0, 1), slices.Delete(d.keys, 0, 1)
		d.dropped++
	}
	d.listed[key], d.shown = true, nil
	d.list, d.keys = append(d.list, a), append(d.keys, key)
}

// Ambiguities returns everything ambiguous. Cost: O(1) if nothing has been added since the last
// call.
func (c *Catalog) Ambiguities() *Ambiguities {
	d := &c.doubts
	if d.shown == nil {
		d.shown = &Ambiguities{List: slices.Clone(d.list), Dropped: d.dropped}
	}
	return d.shown
}

func (d *doubts) state(s *state.Coder) {
	s.Values(&d.list, &d.keys, &d.dropped)
	if s.Reading() {
		if len(d.keys) != len(d.list) {
			s.Fail(state.ErrCorrupt)
		}
		d.listed = make(map[string]bool, len(d.keys))
		for _, key := range d.keys {
			d.listed[key] = true
		}
	}
}
