package answer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"corrgraph/answer/words"
	"corrgraph/graph"
	"corrgraph/internal/table"
	"corrgraph/odds"
	"corrgraph/propagate"
)

// Paths is the answer of `propagate`: the paths of a move.
type Paths struct {
	AsOf   odds.Time        `json:"as_of"`
	Source odds.NodeID      `json:"source"`
	Target odds.NodeID      `json:"target,omitempty"`
	Paths  []propagate.Path `json:"paths"` // best first
	// Mirrored says that the question named the other side of a two-way market: read
	// moves with the opposite sign.
	Mirrored bool `json:"mirrored"`
	// Linked says that the source has a link, even if no path was found.
	Linked bool `json:"-"`

	names Names
}

// PropagationQuery is a question about the effect of a move.
type PropagationQuery struct {
	Source, Target odds.NodeID // empty Target: everything downstream
	Depth, Paths   int         // 0 means propagate.DefaultDepth and 1
}

// Network is the part of the graph through which a move may travel.
type Network struct {
	Edges [][]*graph.Edge // inside their windows
	AsOf  odds.Time
}

// NetworkReader reads the links around a node.
type NetworkReader interface {
	// Network returns at least the links that lead from source, or to target if there
	// is one. It returns ErrUnknown if it can't tell to which event the source
	// belongs.
	Network(ctx context.Context, source, target odds.NodeID) (Network, error)
	// KnowsNode reports whether a node without links inside its window had one before.
	// Such a node gets an empty answer, any other an error.
	KnowsNode(ctx context.Context, node odds.NodeID) (bool, error)
}

// Propagate returns how a move of the source travels: by the best path, by several,
// or to everything downstream. It returns ErrUnknown for nodes without any link.
func Propagate(ctx context.Context, r NetworkReader, q PropagationQuery, names Names) (*Paths, error) {
	x, err := r.Network(ctx, q.Source, q.Target)
	if err != nil {
		return nil, err
	}
	n := propagate.NewNetwork(x.Edges...)
	source, mirrored, err := resolve(ctx, r, n, q.Source)
	if err != nil {
		return nil, err
	}
	target, opposite := q.Target, false
	if target != "" {
		if target, opposite, err = resolve(ctx, r, n, target); err != nil {
			return nil, err
		}
	}
	return &Paths{
		AsOf: x.AsOf, Source: source, Target: target, Paths: find(n, source, target, &q), Mirrored: mirrored != opposite, Linked: n.Has(source), names: names,
	}, nil
}

// find runs the search that the query asks for.
func find(n *propagate.Network, source, target odds.NodeID, q *PropagationQuery) []propagate.Path {
	var found []propagate.Path
	switch {
	case target == "":
		found = n.Downstream(source, q.Depth, nil)
	case q.Paths > 1:
		found = n.KBest(source, target, q.Paths, q.Depth, nil)
	default:
		if p, ok := n.Best(source, target, q.Depth, nil); ok {
			found = []propagate.Path{p}
		}
	}
	if found == nil {
		found = []propagate.Path{}
	}
	return found
}

// mirror returns the node of the other side of a two-way market, if that side has
// the series; empty otherwise.
func mirror(n odds.NodeID) odds.NodeID {
	i := strings.LastIndexByte(string(n), '/') + 1
	switch n[i:] {
	case "away":
		return n[:i] + "home"
	case "under":
		return n[:i] + "over"
	case "no":
		return n[:i] + "yes"
	}
	return ""
}

// resolve returns the node with the series of a node: itself, or its mirror, which
// moves by the same amount in the opposite direction.
func resolve(ctx context.Context, r NetworkReader, n *propagate.Network, node odds.NodeID) (of odds.NodeID, mirrored bool, err error) {
	for _, x := range []odds.NodeID{node, mirror(node)} {
		if x == "" {
			continue
		}
		known := n.Has(x)
		if !known {
			if known, err = r.KnowsNode(ctx, x); err != nil {
				return node, false, err
			}
		}
		if known {
			return x, x != node, nil
		}
	}
	return node, false, unknown("unknown node %q: no link leads from or to it", string(node))
}

// Text writes the expected effects of a move: when it arrives, where and how large,
// best supported first; at most limit paths (0: all).
func (l *Paths) Text(w io.Writer, s Style, limit int) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "When %s moves\n", s.Bold(l.names.Node(l.Source)))
	if len(l.Paths) == 0 {
		b.WriteString("no path is known")
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
	t := table.New("then", "after", "arriving as", "Confidence", "by way of")
	shown := l.Paths
	if limit > 0 && len(shown) > limit {
		shown = shown[:limit]
	}
	for i := range shown {
		p := &shown[i]
		t.Add(l.names.NodeIn(event, p.Hops[len(p.Hops)-1].Target), words.Lag(p.Lag, p.LagLow, p.LagHigh, 0, false), words.Share(p.Impact),
			words.SureCell(p.Confidence), l.way(event, p))
	}
	t.Write(b, s)
	if n := len(l.Paths) - len(shown); n > 0 {
		fmt.Fprintf(b, "%s; propagate --limit 0 shows all.\n", words.Plural(n, "weaker one"))
	}
}

// way describes the nodes between source and target.
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
