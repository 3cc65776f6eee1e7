package answer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"corrgraph/answer/words"
	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/graph"
	"corrgraph/internal/table"
	"corrgraph/odds"
	"corrgraph/propagate/origin"
	"corrgraph/store"
)

// Wave is one move of a selection as it travelled from venue to venue, and where it probably
// came from. Who has the earliest stamp need not be the origin.
type Wave struct {
	Market       string      `json:"market"`
	Selection    string      `json:"selection"`
	InPlay       bool        `json:"in_play"`
	Size         float64     `json:"size" doc:"Log-odds, of the move by which the wave was noticed."`
	ShownAt      odds.Time   `json:"shown_at" doc:"When it was noticed: at a move of twice the usual size. Smaller ones before it may belong to it."`
	BeganAt      odds.Time   `json:"began_at" doc:"The earliest stamp."`
	LastAt       odds.Time   `json:"last_at" doc:"The newest stamp."`
	ResolutionMs odds.Millis `json:"resolution_ms" doc:"Of the coarsest source: how much earlier than its stamp each venue may have moved."`
	Earliest     []string    `json:"earliest" doc:"The venues with the earliest stamp. They need not be its origin."`
	Likely       *string     `json:"likely_origin" doc:"The most probable origin; null if none is more probable than all others together: nobody can tell."`
	Origins      []Origin    `json:"origins" doc:"The venues seen, most probable first. Their probabilities and unseen_origin add up to 1."`
	Unseen       float64     `json:"unseen_origin" doc:"Probability that it came from none of the venues seen."`
	Moves        []Move      `json:"moves" doc:"The first move of each venue, oldest first."`
}

// Origin is how probable it is that a wave came from a venue.
type Origin struct {
	Venue string   `json:"venue" doc:"Of venues that move as one, the one seen first."`
	Group []string `json:"group" doc:"The venues in the wave that move as one and count once; empty: it is alone."`
	P     float64  `json:"p" doc:"From who leads whom in this league and market, leadership scores, and all arrivals within their resolution."`
}

// WaveList is the waves of an event, in the order in which they were noticed.
type WaveList struct {
	EventID string     `json:"event_id"`
	AsOf    odds.Time  `json:"as_of"`
	Since   *odds.Time `json:"remembered_from"` // no move since then is missing; null: none is remembered
	Older   int        `json:"older"`           // remembered moves before those looked at
	Waves   []Wave     `json:"waves"`

	title string
}

// JudgedStore is what waves are judged by: what a store knows of who leads whom.
type JudgedStore interface {
	Families(ctx context.Context) ([]graph.Family, error)
	Groups(ctx context.Context) ([]store.Group, error)
	Leadership(ctx context.Context) ([]graph.Leadership, error)
}

// ListWaves finds the waves in the remembered moves of an event, judged by the newest
// judgement of a store.
func ListWaves(ctx context.Context, s JudgedStore, event *catalog.Event, r *engine.Remembered, names Names, asOf odds.Time) (*WaveList, error) {
	var j store.Judgement
	var err error
	if j.Families, err = s.Families(ctx); err != nil {
		return nil, err
	}
	if j.Groups, err = s.Groups(ctx); err != nil {
		return nil, err
	}
	if j.Leadership, err = s.Leadership(ctx); err != nil {
		return nil, err
	}
	return &WaveList{EventID: event.ID, AsOf: asOf, Since: words.Known(r.Since), Older: r.Older, Waves: wavesOf(event, r, &j), title: names.Event(event.ID)}, nil
}

// Text writes the newest waves, at most limit, as a table; 0 means all.
func (l *WaveList) Text(w io.Writer, s Style, limit int) error {
	var b bytes.Buffer
	t := table.New("Noticed", "Price", ">Size", "Likely origin", ">P", "Earliest stamp", "Arrived, after the earliest stamp", "Told apart to")
	shown := l.Waves
	if limit > 0 && len(shown) > limit {
		shown = shown[len(shown)-limit:]
	}
	for i := range shown {
		x := &shown[i]
		what := x.Market + " " + x.Selection
		if x.InPlay {
			what += " in play"
		}
		origin := table.Cell{Text: "not told, most probably " + x.Origins[0].Venue, Paint: table.Dim}
		if x.Likely != nil {
			origin = table.Cell{Text: *x.Likely}
		}
		if g := x.Origins[0].Group; len(g) > 0 {
			origin.Text += " (one of " + strings.Join(g, ", ") + ")"
		}
		t.Add(x.ShownAt.String(), what, fmt.Sprintf("%+.3f", x.Size), origin, fmt.Sprintf("%.2f", x.Origins[0].P), strings.Join(x.Earliest, ", "), x.arrivals(), words.Span(max(x.ResolutionMs, finest)))
	}
	if t.Len() == 0 {
		fmt.Fprintf(&b, "No wave of moves in what is remembered of %s.\n", l.title)
	} else {
		fmt.Fprintf(&b, "%s\n", s.Bold(Plain(l.title)))
		t.Write(&b, s)
	}
	if more := len(l.Waves) - len(shown); more > 0 {
		fmt.Fprintf(&b, "%s; --limit 0 shows all.\n", words.Plural(more, "earlier wave"))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// finest is how exact the times of a stream are, in milliseconds.
const finest = 20

// arrivals lists the venues in order: "draftkings 0, betus +5 min".
func (w *Wave) arrivals() string {
	out := make([]string, len(w.Moves))
	for i := range w.Moves {
		venue, _, _, _, _ := w.Moves[i].Node.Parts()
		after := "0"
		if d := w.Moves[i].At.Sub(w.BeganAt); d > 0 {
			after = "+" + words.Span(d)
		}
		out[i] = venue + " " + after
	}
	return strings.Join(out, ", ")
}

// wavesOf finds the waves in the remembered moves of an event, oldest first, judged by what
// is known now of who leads whom in its league.
func wavesOf(event *catalog.Event, r *engine.Remembered, j *store.Judgement) []Wave {
	groups := make([]graph.Group, len(j.Groups))
	for i := range j.Groups {
		groups[i] = graph.Group(j.Groups[i])
	}
	places, held := map[string]origin.Place{}, map[origin.Place]*origin.Known{}
	known := func(selection string) *origin.Known {
		at := places[selection]
		k := held[at]
		if k == nil {
			k = origin.KnownOf(at, j.Families, j.Leadership, groups)
			held[at] = k
		}
		return k
	}
	var moves []origin.Move
	for i := range r.Moves {
		m := &r.Moves[i]
		venue, _, market, selection, ok := m.Node.Parts()
		if !ok || venue == odds.ConsensusVenue {
			continue
		}
		at := origin.Place{Sport: event.Sport, League: event.League, Market: market, Phase: "pre"}
		if m.Live {
			at.Phase = "live"
		}
		key := market + "\x00" + selection + "\x00" + at.Phase
		places[key] = at
		moves = append(moves, origin.Move{
			Arrival:   origin.Arrival{Venue: venue, At: m.At, Own: m.Own, Resolution: m.Resolution, Size: m.Raw},
			Selection: key, Node: m.Node, RMS: m.RMS,
		})
	}
	waves := origin.Waves(moves, known)
	out := make([]Wave, len(waves))
	for i := range waves {
		w := &waves[i]
		out[i] = waveOf(w, origin.Of(w.Arrivals(), known(w.Selection)), places[w.Selection].Phase == "live")
	}
	return out
}

func waveOf(w *origin.Wave, p origin.Posterior, live bool) Wave {
	out := Wave{
		InPlay: live, Size: w.Size, ShownAt: w.Shown, BeganAt: w.Began(), LastAt: w.Last(),
		Earliest: p.Earliest, Origins: make([]Origin, len(p.Shares)), Unseen: p.Unseen, Moves: make([]Move, len(w.Moves)),
	}
	_, _, out.Market, out.Selection, _ = w.Moves[0].Node.Parts()
	for i := range w.Moves {
		m := &w.Moves[i]
		out.ResolutionMs = max(out.ResolutionMs, m.Resolution)
		out.Moves[i] = Move{m.Node, m.At, m.Size, m.RMS}
	}
	for i, s := range p.Shares {
		out.Origins[i] = Origin{s.Venue, append([]string{}, s.Group...), s.P}
	}
	if p.Told {
		out.Likely = &out.Origins[0].Venue
	}
	return out
}
