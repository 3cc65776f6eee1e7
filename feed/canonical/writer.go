package canonical

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"corrgraph/odds"
)

// ErrText is returned for a name with a line break or with leading or trailing space, which
// would not survive a round trip.
var ErrText = errors.New("text that CSV can't represent")

// Writer writes batches as CSV that New's parser can read. Differences after a round trip:
// batches of one source and time are joined; sides are derived from names; a
// team is written as part of the player;
// Event.Participants and the prices of selections that are not open are dropped; an update
// without quotes is written only if its status is not open.
type Writer struct {
	w      *bufio.Writer
	begun  bool
	fields [columnCount]string
	err    error
}

// NewWriter returns a writer to w. Call Flush at the end.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriter(w)} }

// Write appends the quotes of b, one per row. After an error every call returns that error.
func (w *Writer) Write(b *odds.Batch) error {
	if !w.begun {
		w.begun = true
		for c, names := range Columns() {
			w.fields[c] = names[0]
		}
		w.row()
	}
	w.fields = [columnCount]string{tsSource: b.At.String(), source: b.Source}
	if b.Recv != b.At {
		w.fields[tsReceived] = b.Recv.String()
	}
	w.fields[seq] = nonzero(b.Seq)
	w.fields[resolution] = nonzero(int64(b.Resolution))
	w.fields[polled] = yes(b.Polled)
	for i := range b.Updates {
		w.update(&b.Updates[i])
	}
	return w.err
}

// Flush writes what is buffered to the underlying writer.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

func (w *Writer) update(u *odds.Update) {
	f := &w.fields
	f[bookmaker], f[eventID], f[market] = u.Venue, u.Event.ID, u.Market
	f[sport], f[league], f[home], f[away], f[title] = u.Event.Sport, u.Event.League, u.Event.Home, u.Event.Away, u.Event.Title
	f[startTime], f[lastUpdate] = stamp(u.Event.Start), stamp(u.Updated)
	f[inPlay], f[image], f[winners] = strconv.FormatBool(u.InPlay), yes(u.Image), nonzero(int64(u.Winners))
	f[complete], f[backLay], f[settlement] = [...]string{"", "false", "true"}[u.Complete], "", u.Settlement
	if u.Lay {
		f[backLay] = "lay"
	} else if u.Middle {
		f[backLay] = "middle"
	}
	f[priceFormat] = ""
	if u.Format == odds.Raw {
		f[priceFormat] = "raw"
	}
	f[player], f[selection], f[price], f[line], f[isMain], f[size] = "", "", "", "", "", ""
	if u.Status != odds.Open {
		f[status] = u.Status.String()
		w.row()
	}
	for i := range u.Quotes {
		q := &u.Quotes[i]
		f[player], f[selection], f[status], f[isMain] = q.Subject, q.Selection, "", strconv.FormatBool(q.Main)
		f[price], f[line], f[size] = "", "", ""
		if q.Status == odds.Open {
			f[price] = float(q.Price)
		} else {
			f[status] = q.Status.String()
		}
		if q.Line == q.Line {
			f[line] = float(q.Line)
		}
		if q.Size != 0 {
			f[size] = float(q.Size)
		}
		w.row()
	}
}

func (w *Writer) row() {
	for c, field := range w.fields {
		if strings.ContainsAny(field, "\r\n") || strings.TrimSpace(field) != field {
			w.fail(fmt.Errorf("%w: %s %q", ErrText, Columns()[c][0], field))
			return
		}
		if c > 0 {
			w.w.WriteByte(',')
		}
		if strings.ContainsAny(field, `",`) {
			field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
		if _, err := w.w.WriteString(field); err != nil {
			w.fail(err)
			return
		}
	}
	w.w.WriteByte('\n')
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func float(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func nonzero(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func stamp(t odds.Time) string {
	if t == 0 {
		return ""
	}
	return t.String()
}
