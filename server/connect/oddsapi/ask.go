package oddsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"corrgraph/server/connect"
)

// mostBody limits an answer in bytes, unpacked.
const mostBody = 16 << 20

// asker makes requests. The key is in none of what it returns, notes or says.
type asker struct {
	client  *http.Client
	base    string // of all addresses
	path    string // of base
	key     string
	timeout time.Duration
	now     func() time.Time
}

// newAsker returns an asker that follows no redirection: the address, which has the key, would
// be told to wherever it leads.
func newAsker(w *connect.World, o *Options, key string) *asker {
	client := *w.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	u, _ := url.Parse(o.URL) // it was checked
	return &asker{&client, o.URL, u.Path, key, o.Timeout, w.Clock}
}

// answer is what the venue answered, whole.
type answer struct {
	status int
	body   []byte
	quota  quota
	after  time.Duration // not to be asked for; 0 not said
}

// ask makes a request: path begins with a slash and may have a query.
func (a *asker) ask(ctx context.Context, path string) (*answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, a.timeout, fmt.Errorf("no whole answer within %v", a.timeout))
	defer cancel()
	u, err := url.Parse(a.base + path)
	if err != nil {
		return nil, errors.New("the request has no valid address")
	}
	q := u.Query()
	q.Set("apiKey", a.key)
	query := "apiKey=" + url.QueryEscape(a.key)
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("the request has no valid address")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, a.clean(ctx, err)
	}
	defer resp.Body.Close()
	out := &answer{status: resp.StatusCode, quota: quotaOf(resp.Header), after: retryAfter(resp.Header.Get("Retry-After"), a.now())}
	if out.body, err = io.ReadAll(io.LimitReader(resp.Body, mostBody+1)); err != nil {
		return out, fmt.Errorf("the answer is cut off: %w", a.clean(ctx, err))
	}
	if len(out.body) > mostBody {
		return out, fmt.Errorf("the answer is longer than %d bytes: ask for fewer markets or bookmakers at once", mostBody)
	}
	out.body = a.scrub(out.body)
	return out, nil
}

// clean takes the address, and with it the key, out of an error.
func (a *asker) clean(ctx context.Context, err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if text := []byte(err.Error()); a.key != "" && !bytes.Equal(a.scrub(text), text) {
		return errors.New(string(a.scrub(text)))
	}
	return err
}

// scrub takes the key out of what the venue says.
func (a *asker) scrub(body []byte) []byte {
	for _, key := range []string{a.key, url.QueryEscape(a.key), url.PathEscape(a.key)} {
		if key != "" && bytes.Contains(body, []byte(key)) {
			body = bytes.ReplaceAll(body, []byte(key), []byte("***"))
		}
	}
	return body
}

func quotaOf(h http.Header) quota {
	get := func(name string) float64 {
		x, err := strconv.ParseFloat(h.Get(name), 64)
		if err != nil || math.IsNaN(x) || x < 0 || x > 1e12 {
			return -1
		}
		return x
	}
	return quota{get("X-Requests-Remaining"), get("X-Requests-Used"), get("X-Requests-Last")}
}

// retryAfter reads the header of that name: seconds or a date; 0 if there is none.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 0 && n <= 86400 {
		return max(time.Duration(n*float64(time.Second)), time.Second)
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(day, max(time.Second, t.Sub(now)))
	}
	return 0
}
