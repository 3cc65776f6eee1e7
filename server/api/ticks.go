package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"corrgraph/feed"
	"corrgraph/feed/canonical"
	"corrgraph/feed/columns"
	"corrgraph/feed/oddsapi"
	"corrgraph/odds"
	"corrgraph/server/access"
	"corrgraph/server/api/ndjson"
	"corrgraph/server/guard"
	"corrgraph/server/ingest"
)

// Receipt is the result for the ticks of a request.
type Receipt struct {
	Accepted   int            `json:"accepted" doc:"Prices now in the tick log, on disk."`
	Duplicates int            `json:"duplicates" doc:"Prices that were already in the log."`
	Rejected   int            `json:"rejected" doc:"Lines that can't be parsed, and prices that are too late or from the future."`
	Reasons    map[string]int `json:"rejected_by_reason"`
	Errors     []ProblemItem  `json:"errors" doc:"The first hundred."`
	AsOf       odds.Time      `json:"as_of" doc:"Event time up to which ticks have been applied."`
}

// mostErrors is how many mistakes a receipt lists.
const mostErrors = 100

// The formats of ticks.
const (
	formNDJSON = "application/x-ndjson"
	formJSON   = "application/json"
	formCSV    = "text/csv"
)

var errTooMany = errors.New("too many ticks")

// parcel is the parsed body of a request.
type parcel struct {
	batches []*odds.Batch
	lines   []int // line of the first tick of each batch
	ticks   int
	usable  int // of them, those with a price or a state
	wrong   []ndjson.Mistake
	rep     feed.Report
	skipped int          // lines that the parser did not see
	table   *columns.Map // what the columns mean; nil: they are canonical
}

// read parses a body.
func (p *parcel) read(ctx context.Context, form string, text []byte, most int, names *canonical.Names) error {
	p.rep.Keep = mostErrors
	if text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")); bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return problem(http.StatusUnsupportedMediaType, "the body is UTF-16: send UTF-8")
	}
	if p.table != nil {
		return p.parse(ctx, columns.New(p.table), text, most)
	}
	if form != formCSV && oddsapi.Begins(text) {
		return p.parse(ctx, oddsapi.New(), text, most)
	}
	var err error
	if form == formJSON {
		if text, p.wrong, err = ndjson.Of(text); err != nil {
			return problem(http.StatusBadRequest, "the body is not valid JSON: "+err.Error())
		}
	}
	if form != formCSV {
		var wrong []ndjson.Mistake
		if text, p.skipped, wrong = ndjson.ObjectsOnly(text); form == formNDJSON {
			p.wrong = wrong // ndjson.Of has counted those of JSON
		}
	}
	return p.parse(ctx, canonical.New(canonical.Options{Names: names}), text, most)
}

func (p *parcel) parse(ctx context.Context, parser feed.Parser, text []byte, most int) error {
	err := parser.Parse(ctx, "body", bytes.NewReader(text), feed.Checked("body", func(b *odds.Batch) error {
		for i := range b.Updates {
			p.count(&b.Updates[i])
		}
		if p.ticks > most {
			return errTooMany
		}
		p.batches = append(p.batches, b)
		p.lines = append(p.lines, p.rep.Line()+p.skipped)
		return nil
	}, &p.rep), &p.rep)
	return p.judge(err, most)
}

// count adds the ticks of an update. An outcome whose price was refused is listed without a
// price: it is a tick, but no use alone.
func (p *parcel) count(u *odds.Update) {
	p.ticks += max(1, len(u.Quotes))
	if len(u.Quotes) == 0 {
		p.usable++
	}
	for i := range u.Quotes {
		if u.Quotes[i].Status != odds.Unpriced {
			p.usable++
		}
	}
}

// judge turns the parser's error into a problem; a truncated last line counts as
// one bad line more.
func (p *parcel) judge(err error, most int) error {
	var at *feed.FileError
	switch {
	case err == nil:
	case errors.Is(err, errTooMany):
		return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d ticks in one request", most))
	case errors.Is(err, feed.ErrTruncated) && errors.As(err, &at):
		p.rep.Reject(feed.Reject{Line: at.Line, Reason: "truncated", Detail: at.Err.Error()})
	case errors.Is(err, feed.ErrFormat) && errors.As(err, &at):
		return problem(http.StatusUnprocessableEntity, at.Err.Error())
	case errors.As(err, &at):
		return problem(http.StatusBadRequest, fmt.Sprintf("line %d: %v", at.Line+p.skipped, at.Err))
	default:
		return err
	}
	return nil
}

// receipt combines the results of parser and log.
func (p *parcel) receipt(got ingest.Receipt, asOf odds.Time) *Receipt {
	r := &Receipt{Accepted: got.Accepted, Duplicates: got.Duplicates, Errors: []ProblemItem{}, AsOf: asOf}
	r.Reasons, r.Rejected = p.rep.Rejected()
	if r.Reasons == nil {
		r.Reasons = map[string]int{}
	}
	add := func(n, line int, reason, detail string) {
		if n > 0 {
			r.Rejected += n
			r.Reasons[reason] += n
		}
		r.Errors = append(r.Errors, ProblemItem{Line: line, Reason: reason, Detail: detail})
	}
	for _, x := range p.rep.Shown() { // already counted
		add(0, x.Line+p.skipped, x.Reason, x.Detail)
	}
	for _, x := range p.wrong {
		add(1, x.Line, x.Reason, x.Detail)
	}
	for _, x := range got.Refused {
		add(max(1, x.Quotes), p.lines[x.Batch], x.Reason, x.Detail)
	}
	slices.SortStableFunc(r.Errors, func(a, b ProblemItem) int { return a.Line - b.Line })
	r.Errors = r.Errors[:min(len(r.Errors), mostErrors)]
	return r
}

// ingest registers the route that takes ticks.
func (a *API) ingest() {
	// Free: memory for bodies and the queue of ticks bound how many wait, and nothing is refused
	// before.
	rt := route{method: "POST", path: "/v1/ticks", role: access.Operator, free: true}
	op := huma.Operation{
		OperationID: sendTicks, Tags: []string{"ticks"}, Summary: "Send ticks; the answer is sent once they are on disk",
		Description: "One tick per line (NDJSON), element (JSON array) or row (CSV with a header), with the canonical members: ts_source or ts_received, bookmaker, event_id, market, selection, price, and more. " +
			"Or answers of The Odds API v4 as they came, told by their members, one in a JSON body or one per line: with a wrapper {\"timestamp\": …, \"data\": …}, whose timestamp is the event time, or bare (an array of events, or one event), whose newest last_update is. " +
			"Any other table is read with a column map, by its name in the parameter map. " +
			"Sending ticks again is harmless: known ones count as duplicates. gzip is accepted. If no tick was usable the status is 422, with the same list of errors.",
		Parameters:    []*huma.Param{query("map", "Name of the column map with which the body is read: a shipped one, or one of the folder in ingest.maps.", "", &huma.Schema{Type: huma.TypeString})},
		DefaultStatus: http.StatusAccepted, RequestBody: ticksBody(),
	}
	described := a.document(&rt, op, Receipt{})
	described.Responses["503"] = &huma.Response{
		Description: "Not now: Retry-After says when to send the ticks again. Of type " + outcomeUnknown +
			" if the service could not tell in time whether it has accepted them; what it has accepted then counts as duplicates.",
		Content: described.Responses["default"].Content,
	}
	a.mount(&rt, a.ticks)
}

func (a *API) ticks(w http.ResponseWriter, r *http.Request) {
	x := w.(*exchange)
	out, err := a.take(r)
	var p *Problem
	switch {
	case errors.Is(err, errTooLarge):
		p = problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", a.o.Body))
	case errors.Is(err, errShed):
		a.o.Metrics.Shed.WithLabelValues("ingest").Inc()
		p = problem(http.StatusServiceUnavailable, err.Error())
		p.retry = 2 * time.Second
	case err != nil:
		p = a.failure(r.Context(), err)
		if errors.Is(err, ingest.ErrBusy) && p.Status == http.StatusServiceUnavailable {
			a.o.Metrics.Shed.WithLabelValues("ingest").Inc()
		}
	}
	if p != nil {
		x.fail(p)
		return
	}
	reply, err := fresh(out, nil)
	reply.status = http.StatusAccepted
	x.reply(reply, err)
}

// take parses the ticks of a request and appends them to the log.
func (a *API) take(r *http.Request) (*Receipt, error) {
	form, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case form == "application/ndjson" || form == "application/jsonl":
		form = formNDJSON
	case err != nil || form != formNDJSON && form != formJSON && form != formCSV:
		return nil, problem(http.StatusUnsupportedMediaType, "want Content-Type application/x-ndjson, application/json or text/csv")
	}
	table, err := a.table(r, form)
	if err != nil {
		return nil, err
	}
	// Checked before the body is read: ticks that would be refused need not be sent.
	if a.o.Service.State().Closed() {
		p := a.failure(r.Context(), ingest.ErrRecovering)
		p.noted = false // the service was not called
		return nil, p
	}
	if a.o.Full != nil && a.o.Full() {
		return nil, ingest.ErrBusy
	}
	claim, ok := a.o.Memory.Admit(0)
	if !ok {
		return nil, errShed
	}
	defer claim.Release()
	return a.accept(r, form, table, &claim)
}

// read parses the body of a request. The buffer is reused: parsed values do not
// refer to it.
func (a *API) read(r *http.Request, form string, claim *guard.Admission, p *parcel) error {
	buf := a.bodies.Get().(*[]byte)
	text, err := a.body(r, claim, (*buf)[:0])
	if cap(text) > cap(*buf) && cap(text) <= largestKept {
		*buf = text
	}
	defer a.bodies.Put(buf)
	if err != nil {
		return err
	}
	names := a.names.Get().(*canonical.Names)
	defer a.names.Put(names)
	return p.read(r.Context(), form, text, a.o.Ticks, names)
}

// table returns the column map that a request asks for; nil if it asks for none.
func (a *API) table(r *http.Request, form string) (*columns.Map, error) {
	given := r.URL.Query()["map"]
	if len(given) == 0 {
		return nil, nil
	}
	m := a.o.Maps[given[0]]
	switch {
	case len(given) > 1:
		return nil, problem(http.StatusBadRequest, "map is given more than once")
	case m == nil:
		return nil, problem(http.StatusUnprocessableEntity, fmt.Sprintf("there is no column map %q; there are %s", clip(given[0]), strings.Join(slices.Sorted(maps.Keys(a.o.Maps)), ", ")))
	case m.NewEventAfter > 0 || m.NewEventAfterPolls > 0 || m.File != "":
		return nil, problem(http.StatusUnprocessableEntity, "the map "+m.Name+" needs the name of a file, or what came before a row (keys file, new_event_after), which a request does not hold: replay the recording")
	case (m.Input == "ndjson") != (form != formCSV):
		return nil, problem(http.StatusUnsupportedMediaType, "the map "+m.Name+" reads "+cmp.Or(m.Input, "csv")+": want Content-Type text/csv for csv, application/x-ndjson or application/json for ndjson")
	}
	return m, nil
}

func (a *API) accept(r *http.Request, form string, table *columns.Map, claim *guard.Admission) (*Receipt, error) {
	p := &parcel{table: table}
	if err := a.read(r, form, claim, p); err != nil {
		return nil, err
	}
	got, err := ingest.Receipt{}, error(nil)
	if p.usable > 0 {
		if got, err = a.o.Service.Ingest(r.Context(), p.batches); err != nil {
			return nil, err
		}
	}
	out := p.receipt(got, a.o.Service.State().AsOf)
	if (p.usable == 0 || len(p.batches) == len(got.Refused)) && out.Rejected > 0 {
		bad := problem(http.StatusUnprocessableEntity, "no tick in the request is usable")
		bad.Errors = out.Errors
		return nil, bad
	}
	return out, nil
}
