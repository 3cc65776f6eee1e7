package polymarket

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"corrgraph/server/connect"
)

const (
	listTimeout = 20 * time.Second
	bookTimeout = 3 * time.Second
	mostBody    = 32 << 20
)

// get asks for a document.
func get(ctx context.Context, w *connect.World, address string, timeout time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := w.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(w, resp, req.URL.Host+req.URL.Path)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostBody+1))
	if err == nil && len(body) > mostBody {
		err = fmt.Errorf("%s%s: the answer has more than %d bytes", req.URL.Host, req.URL.Path, mostBody)
	}
	return body, err
}

// slowDown is how long to wait when the venue wants that and does not say how long.
const slowDown = 10 * time.Second

// refusal makes an error of an answer that is none.
func refusal(w *connect.World, resp *http.Response, of string) error {
	err := fmt.Errorf("%s answers %s", of, resp.Status)
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return fmt.Errorf("%w: %w: no key is needed, so this address is blocked: run from a country and network that Polymarket serves, or set an address that passes it on",
			connect.ErrRefused, err)
	case http.StatusTooManyRequests:
		err = fmt.Errorf("%w: ask for less (leagues, most), or end other programs at this network address", err)
		return &connect.RetryAfter{Wait: after(w, resp.Header.Get("Retry-After")), Err: err}
	case http.StatusServiceUnavailable:
		return &connect.RetryAfter{Wait: after(w, resp.Header.Get("Retry-After")), Err: err}
	}
	return err
}

// after reads a Retry-After: seconds, or a date.
func after(w *connect.World, text string) time.Duration {
	const most = time.Hour
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return min(time.Duration(min(n, 3600))*time.Second, most)
	}
	if t, err := http.ParseTime(text); err == nil {
		return min(max(t.Sub(w.Clock()), 0), most)
	}
	return slowDown
}

// values writes a query that repeats one name.
func values(name string, of []string) string { return url.Values{name: of}.Encode() }

// tagPath asks for the open events with a tag.
func tagPath(tag string, offset int) string {
	q := url.Values{"tag_slug": {tag}, "active": {"true"}, "closed": {"false"}, "order": {"id"}, "ascending": {"false"}}
	q.Set("limit", strconv.Itoa(pageSize))
	q.Set("offset", strconv.Itoa(offset))
	return "/events?" + q.Encode()
}
