package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/tmaxmax/go-sse"

	"corrgraph/feed/stream"
)

// dial opens the connection.
func (s *session) dial(ctx context.Context) (wire, error) {
	address, header, err := s.target()
	if err != nil {
		return nil, err
	}
	client := *s.world.HTTP
	client.Timeout = 0
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // it would take the secrets along
	if s.m.Transport == stream.SSE {
		return s.events(ctx, &client, address, header)
	}
	return s.socket(ctx, &client, address, header)
}

// target fills in the address and the headers.
func (s *session) target() (address string, header http.Header, err error) {
	f := s.vault.filling(s.position)
	inPath := f
	inPath.Secret = func(name string) (string, error) {
		v, err := s.vault.ask(name)
		return url.PathEscape(v), err
	}
	if address, _, err = inPath.Text(s.v.o.URL); err != nil {
		return "", nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", nil, fmt.Errorf("the address is none: %s", s.vault.scrub(err.Error()))
	}
	q := u.Query()
	for k, texts := range s.m.Query {
		for _, text := range texts {
			v, ok, err := f.Text(text)
			if err != nil {
				return "", nil, err
			}
			if ok {
				q.Add(k, v)
			}
		}
	}
	u.RawQuery = q.Encode()
	header = http.Header{}
	for k, text := range s.m.Headers {
		v, ok, err := f.Text(text)
		if err != nil {
			return "", nil, err
		}
		if ok {
			header.Set(k, v)
		}
	}
	return u.String(), header, nil
}

// answered says what an answer other than the wanted one means.
func (s *session) answered(r *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(r.Body, 300)) // what it says is of use, but not needed
	why := strings.TrimSpace("answered with HTTP " + r.Status + " " + s.vault.scrub(strings.ToValidUTF8(string(text), "?")))
	after := s.retryAfter(r.Header.Get("Retry-After"))
	if a, ok := s.m.HTTP[r.StatusCode]; ok {
		return cmp.Or(s.failed(a, why, after), errors.New(why))
	}
	switch c := r.StatusCode; {
	case c == http.StatusUnauthorized, c == http.StatusForbidden:
		return s.failed(stream.Act{Do: stream.Refuse, Say: "the key is wrong, or lacks a right: check the secrets that the map " + s.m.Name + " sends"}, why, 0)
	case c == http.StatusNotFound, c == http.StatusGone, c >= 300 && c < 400:
		return s.failed(stream.Act{Do: stream.Refuse, Say: "the source is not at this address (any more): check the url of the map " + s.m.Name}, why, 0)
	case c == http.StatusTooManyRequests:
		return s.failed(stream.Act{Do: stream.Wait, Say: "asked too often: end other programs with this key, or get a larger plan"}, why, cmp.Or(after, time.Minute))
	}
	return s.failed(stream.Act{}, why, after)
}

// mostWait is how long a source can wish to be left alone.
const mostWait = 24 * time.Hour

// retryAfter reads a header: seconds, or a date.
func (s *session) retryAfter(text string) time.Duration {
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return min(max(0, time.Duration(n)*time.Second), mostWait)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Sub(s.world.Clock())), mostWait)
	}
	return 0
}

// quota notes how many requests are left.
func (s *session) quota(h http.Header) {
	if n, err := strconv.ParseFloat(h.Get("X-RateLimit-Remaining"), 64); err == nil {
		s.l.Quota("requests", n)
	}
}

// socket is a websocket.
type socket struct {
	s *session
	c *websocket.Conn
}

func (s *session) socket(ctx context.Context, client *http.Client, address string, header http.Header) (wire, error) {
	ctx, cancel := context.WithTimeout(ctx, s.v.o.Connect)
	defer cancel()
	c, r, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: client, HTTPHeader: header})
	if r != nil {
		s.quota(r.Header)
	}
	if err != nil {
		if r != nil && r.StatusCode != http.StatusSwitchingProtocols {
			return nil, s.answered(r)
		}
		return nil, fmt.Errorf("connecting: %s", s.vault.scrub(err.Error()))
	}
	c.SetReadLimit(int64(s.v.o.Message))
	return &socket{s, c}, nil
}

func (w *socket) read(ctx context.Context, to func(message) bool) {
	for {
		_, data, err := w.c.Read(ctx)
		if err != nil {
			to(message{err: w.lost(err)})
			return
		}
		if !to(message{data: data}) {
			return
		}
	}
}

// lost says what the end of the connection means.
func (w *socket) lost(err error) error {
	code := int(websocket.CloseStatus(err))
	why := "the connection was lost: " + w.s.vault.scrub(err.Error())
	if a, ok := w.s.m.Close[code]; ok {
		return cmp.Or(w.s.failed(a, why, 0), errors.New(why))
	}
	return errors.New(why)
}

func (w *socket) write(ctx context.Context, text string) error {
	return w.c.Write(ctx, websocket.MessageText, []byte(text))
}

func (w *socket) close() { _ = w.c.CloseNow() } // it is of no use any more

// events is a stream of server-sent events.
type events struct {
	s    *session
	body io.ReadCloser
}

func (s *session) events(ctx context.Context, client *http.Client, address string, header http.Header) (wire, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(s.v.o.Connect, func() { cancel(fmt.Errorf("no answer for %v", s.v.o.Connect)) })
	defer late.Stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		cancel(err)
		return nil, errors.New(s.vault.scrub(err.Error()))
	}
	r.Header = header
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Cache-Control", "no-cache")
	if s.position != "" && s.m.Resume.ID == stream.EventID {
		r.Header.Set("Last-Event-ID", s.position)
	}
	a, err := client.Do(r)
	if err != nil {
		cancel(err)
		return nil, fmt.Errorf("connecting: %s", s.vault.scrub(err.Error()))
	}
	s.quota(a.Header)
	w := &events{s, cancelled{a.Body, cancel}}
	form, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case a.StatusCode != http.StatusOK:
		err = s.answered(a)
	case form != "text/event-stream":
		err = fmt.Errorf("%q was sent in place of server-sent events: check the url and the query of the map %s", a.Header.Get("Content-Type"), s.m.Name)
	default:
		return w, nil
	}
	w.close()
	return nil, err
}

// cancelled is a body whose request ends with it.
type cancelled struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

// Close implements io.Closer.
func (c cancelled) Close() error {
	c.cancel(context.Canceled)
	return c.ReadCloser.Close()
}

// Read tells the session that something came: a comment is no event, but keeps a connection alive.
func (w *events) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	if n > 0 {
		select {
		case w.s.alive <- struct{}{}:
		default:
		}
	}
	return n, err
}

func (w *events) read(_ context.Context, to func(message) bool) {
	err := errors.New("the source ended the stream")
	for e, bad := range sse.Read(w, &sse.ReadConfig{MaxEventSize: w.s.v.o.Message}) {
		if bad != nil {
			err = fmt.Errorf("the connection was lost: %s", w.s.vault.scrub(bad.Error()))
			break
		}
		if !to(message{channel: cmp.Or(e.Type, "message"), id: e.LastEventID, data: []byte(e.Data)}) {
			return
		}
	}
	to(message{err: err})
}

func (w *events) write(context.Context, string) error {
	return errors.New("server-sent events go one way")
}

func (w *events) close() { _ = w.body.Close() } // it is of no use any more
