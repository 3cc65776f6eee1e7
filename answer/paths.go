package answer

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"corrgraph/odds"
	"corrgraph/propagate"
)

// Paths is the answer of `propagate`.
type Paths struct {
	AsOf   odds.Time        `json:"as_of"`
	Source odds.NodeID      `json:"source"`
	Target odds.NodeID      `json:"target,omitempty"`
	Paths  []propagate.Path `json:"paths"` // best first

	names Names
}

// NewPaths shows the answer to a query. It keeps paths.
func NewPaths(source, target odds.NodeID, paths []propagate.Path, names Names, asOf odds.Time) Paths {
	if paths == nil {
		paths = []propagate.Path{}
	}
	return Paths{AsOf: asOf, Source: source, Target: target, Paths: paths, names: names}
}

// Text says what a move of the source does next: when it arrives, where and how
// large, best supported first; at most limit paths (all when 0).
func (l *Paths) Text(w io.Writer, s Style, limit int) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "When %s moves\n", s.Bold(l.names.Node(l.Source)))
	if len(l.Paths) == 0 {
		b.WriteString("nothing is known to follow it")
		if l.Target != "" {
			b.WriteString(" to " + Plain(l.names.Node(l.Target)))
		}
		b.WriteString(".\n")
	} else {
		l.table(&b, s, limit)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (l *Paths) table(b *bytes.Buffer, s Style, limit int) {
	_, event, _, _, _ := l.Source.Parts()
	t := newTable("then", "after", "arriving as", "Confidence", "by way of")
	shown := l.Paths
	if limit > 0 && len(shown) > limit {
		shown = shown[:limit]
	}
	for i := range shown {
		p := &shown[i]
		t.add(l.names.NodeIn(event, p.Hops[len(p.Hops)-1].Target), Lag(p.Lag, p.LagLow, p.LagHigh, 0, false), Share(p.Impact),
			sure(p.Confidence), l.way(event, p))
	}
	t.write(b, s)
	if n := len(l.Paths) - len(shown); n > 0 {
		fmt.Fprintf(b, "%s; propagate --limit 0 shows all.\n", plural(n, "weaker one"))
	}
}

// way names what lies between source and target.
func (l *Paths) way(event string, p *propagate.Path) string {
	if len(p.Hops) == 1 {
		return p.Hops[0].Layer.Key() + " directly"
	}
	var via []string
	for _, h := range p.Hops[:len(p.Hops)-1] {
		via = append(via, h.Layer.Key()+" "+l.names.NodeIn(event, h.Target))
	}
	return strings.Join(via, " → ") + " → " + p.Hops[len(p.Hops)-1].Layer.Key()
}
