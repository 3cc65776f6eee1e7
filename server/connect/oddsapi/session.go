package oddsapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"corrgraph/feed/frames"
	"corrgraph/feed/oddsapi"
	"corrgraph/server/connect"
)

// mostFailures is how many requests in a row may fail before the session ends, and the next one
// begins with a request that costs nothing.
const mostFailures = 5

// Venue is The Odds API. It plans over all its sessions, so that a lost connection does not forget
// what the day has cost.
type Venue struct {
	o        Options
	p        *planner
	ledger   ledger
	recalled bool
}

// New returns the venue, or says what is wrong with its options.
func New(o Options) (*Venue, error) {
	o.fill()
	if err := o.check(); err != nil {
		return nil, err
	}
	v := &Venue{o: o, ledger: ledger{path: o.Ledger}}
	v.p = &planner{o: &v.o, c: newCredits(&v.o)}
	return v, nil
}

// Name implements [connect.Venue].
func (v *Venue) Name() string { return "odds-api" }

// Decoder implements [connect.Venue].
func (v *Venue) Decoder() frames.Decoder { return oddsapi.NewDecoder() }

// Session implements [connect.Venue]. It asks from one goroutine, one request at a time.
func (v *Venue) Session(ctx context.Context, l *connect.Line) error {
	key, err := l.World().Secret(v.o.Secret)
	if err == nil && strings.TrimSpace(key) == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return fmt.Errorf("%w: the key, secret %q, can't be read: %w", connect.ErrRefused, v.o.Secret, err)
	}
	if err := v.recall(); err != nil {
		return fmt.Errorf("%w: %w", connect.ErrRefused, err)
	}
	conn, err := l.Open(ctx)
	if err != nil {
		return err
	}
	for _, x := range v.p.units() {
		for _, y := range x.parts {
			y.doubted = true // the end of the last session has said more
		}
	}
	s := &session{v: v, l: l, p: v.p, conn: conn, asker: newAsker(l.World(), &v.o, strings.TrimSpace(key))}
	return s.run(ctx)
}

// recall takes up what the day has cost before this process began, and finds out whether more can be
// written down.
func (v *Venue) recall() error {
	if v.recalled {
		return nil
	}
	k, err := v.ledger.read()
	if err != nil {
		return err
	}
	v.p.recall(k)
	v.recalled = true
	return nil
}

// keep writes down what the day has cost. Nothing is spent that can't be.
func (v *Venue) keep() error {
	if err := v.ledger.write(v.p.kept()); err != nil {
		return fmt.Errorf("%w: no credits are spent that can't be written down: %w; make the folder of %s writable", connect.ErrRefused, err, v.ledger.path)
	}
	return nil
}

// session is one of them.
type session struct {
	v     *Venue
	l     *connect.Line
	p     *planner
	conn  *connect.Conn
	asker *asker

	failures int       // requests in a row
	listed   time.Time // the end of the day in which the sports were listed
}

func (s *session) now() time.Time { return s.l.World().Clock() }

// run does what the planner wants until something is wrong beyond it.
func (s *session) run(ctx context.Context) error {
	for {
		if err := s.list(ctx); err != nil {
			return err
		}
		a := s.p.next(s.now())
		if left := a.at.Sub(s.now()); left > 0 {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(left):
			}
			continue // it may be something else by now
		}
		if err := s.do(ctx, a); err != nil {
			return err
		}
	}
}

func (s *session) do(ctx context.Context, a action) error {
	switch a.do {
	case schedule:
		return s.events(ctx, a.sport)
	case capture:
		return s.capture(ctx, a)
	case skip:
		s.p.skipped(a)
		s.l.Skipped(a.reason, a.detail)
	case doubt:
		a.part.doubted = true
		return s.conn.Note(ctx, frames.Stale, a.reason, a.part.market)
	}
	return nil
}

// request asks and counts what comes of it. ok is false if there is no answer; why says so.
func (s *session) request(ctx context.Context, path string, cost int) (a *answer, why error, err error) {
	if cost > 0 {
		if err := s.v.keep(); err != nil {
			return nil, nil, err
		}
	}
	channel := "GET " + s.asker.path + path
	s.conn.Out(ctx, channel, nil)
	a, why = s.asker.ask(ctx, path)
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if a != nil {
		s.quota(a.quota, cost)
		if err := s.v.keep(); err != nil {
			return nil, nil, err
		}
	}
	if why == nil && a.status != http.StatusOK {
		_, err = s.conn.In(ctx, fmt.Sprintf("%d %s", a.status, channel), a.body)
		message, code := oddsapi.Problem(a.body)
		why = &refusal{a, code, message}
	}
	if why == nil {
		s.failures = 0
		return a, nil, err
	}
	var r *refusal
	switch answered := errors.As(why, &r); {
	case answered:
		s.failures = 0 // the prices of its markets have states of their own
	case err == nil:
		if s.failures++; s.failures >= mostFailures {
			err = fmt.Errorf("%d requests in a row failed: %w", s.failures, why)
		}
	}
	return a, why, cmp.Or(s.hopeless(why), err)
}

// refusal is an answer other than 200.
type refusal struct {
	*answer
	code, message string
}

// Error says what the venue said.
func (r *refusal) Error() string {
	text := fmt.Sprintf("%d %s", r.status, http.StatusText(r.status))
	for _, more := range []string{r.code, r.message} {
		if more != "" {
			text += ": " + more
		}
	}
	return text
}

const noCredits = "OUT_OF_USAGE_CREDITS"

// hopeless says that asking again is of no use before somebody has done something.
func (s *session) hopeless(why error) error {
	var r *refusal
	switch {
	case !errors.As(why, &r):
		return nil
	case r.code == noCredits: // there will be new ones
		s.p.c.none()
		s.l.Quota("credits", 0)
		return nil
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return fmt.Errorf("%w: the venue does not accept the key (%w): get one at https://the-odds-api.com, see that its subscription is active, and store it as secret %q",
			connect.ErrRefused, r, s.v.o.Secret)
	case r.status >= 300 && r.status < 400:
		return fmt.Errorf("%w: %s leads elsewhere (%w), where the key is not sent: set the URL to where the API is", connect.ErrRefused, s.v.o.URL, r)
	}
	return nil
}

// quota tells what is left.
func (s *session) quota(q quota, cost int) {
	s.p.c.said(s.now(), q, cost)
	for name, x := range map[string]float64{"credits": q.remaining, "credits_used": q.used, "credits_last": q.last} {
		if x >= 0 {
			s.l.Quota(name, x)
		}
	}
	s.l.Quota("credits_today", s.p.c.available())
}

// list finds out once a day which sports there are. It costs nothing.
func (s *session) list(ctx context.Context) error {
	if s.now().Before(s.listed) {
		return nil
	}
	a, why, err := s.request(ctx, "/sports", 0)
	if err != nil {
		return err
	}
	if why != nil {
		return s.unlisted(why)
	}
	if _, err := s.conn.In(ctx, "GET "+s.asker.path+"/sports", a.body); err != nil {
		return err
	}
	var all []struct{ Key string }
	if err := json.Unmarshal(a.body, &all); err != nil {
		return fmt.Errorf("the list of sports can't be read: %w", err)
	}
	keys := make([]string, len(all))
	for i := range all {
		keys[i] = all[i].Key
	}
	s.listed = s.now().UTC().Truncate(day).Add(day)
	return s.resume(s.v.choose(keys))
}

// unlisted says that there is no list: with an old one the session goes on for a while.
func (s *session) unlisted(why error) error {
	var r *refusal
	if errors.As(why, &r) && r.status == http.StatusTooManyRequests {
		s.p.limited(nil, s.now(), r.after)
		why = &connect.RetryAfter{Wait: s.p.paused.Sub(s.now()), Err: why}
	}
	if s.listed.IsZero() {
		return fmt.Errorf("the list of sports: %w", why)
	}
	s.listed = s.now().Add(s.v.o.Schedule)
	return nil
}

// choose selects the sports that are asked for.
func (v *Venue) choose(keys []string) (chosen []string) {
	slices.Sort(keys)
	for _, want := range v.o.Sports {
		if stem, ok := strings.CutSuffix(want, "*"); ok {
			for _, k := range keys {
				if strings.HasPrefix(k, stem) && !strings.Contains(k, "/") && !slices.Contains(chosen, k) {
					chosen = append(chosen, k)
				}
			}
		} else if !slices.Contains(chosen, want) {
			// One that is out of season is not in the list. Its events cost nothing to ask for.
			chosen = append(chosen, want)
		}
	}
	return chosen
}

// resume sets the sports of the planner. What is known of one that was there is kept; what the last
// session asked for in vain is asked for again at once, but not more often than before a start.
func (s *session) resume(keys []string) error {
	if len(keys) == 0 {
		return fmt.Errorf("%w: no sport in season is called %s: see GET %s/sports for those that are", connect.ErrRefused, strings.Join(s.v.o.Sports, " or "), s.v.o.URL)
	}
	old := s.p.sports
	s.p.sports = nil
	for _, k := range keys {
		i := slices.IndexFunc(old, func(x *sport) bool { return x.key == k })
		if i >= 0 {
			s.p.sports = append(s.p.sports, old[i])
			for _, x := range append([]*sport{old[i]}, old[i].events...) {
				x.again(s.now(), x.o.Soon)
			}
			continue
		}
		s.p.sports = append(s.p.sports, s.v.sport(s.asker.path, k))
	}
	if s.p.asksNothing() { // the last session ended for it
		for _, x := range s.p.sports {
			for _, y := range x.parts {
				y.invalid = false
			}
			x.props = s.v.eventParts()
		}
	}
	return nil
}

// sport returns a sport of which nothing is known yet.
func (v *Venue) sport(base, key string) *sport {
	x := &sport{key: key, o: &v.o, props: v.eventParts()}
	for i := range v.o.Parts {
		p, _ := v.o.Parts[i].split()
		if len(p.Markets) == 0 {
			continue
		}
		y := newPart(base, "/sports/"+key+"/odds?", &p)
		if len(v.o.Events) > 0 {
			y.path += "&eventIds=" + strings.Join(v.o.Events, ",")
		}
		x.parts = append(x.parts, y)
	}
	return x
}

// eventParts are the requests that are made event by event.
func (v *Venue) eventParts() (out []*Part) {
	for i := range v.o.Parts {
		if _, p := v.o.Parts[i].split(); len(p.Markets) > 0 {
			out = append(out, &p)
		}
	}
	return out
}
