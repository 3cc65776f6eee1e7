package kalshi

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	feed "corrgraph/feed/kalshi"
	"corrgraph/server/connect"
)

// A key is read in both forms of PEM, also with line ends written out, and never told.
func TestKey(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	eight, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	one := text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private))
	for _, s := range []string{one, text("PRIVATE KEY", eight), strings.ReplaceAll(one, "\n", `\n`), "\n " + strings.TrimSpace(one)} {
		if k, err := parseKey(s); err != nil || !k.Equal(private) {
			t.Errorf("%.40q: %v", s, err)
		}
	}
	for _, s := range []string{"", "secret", text("PRIVATE KEY", curve), text("PRIVATE KEY", []byte("secret")), one[:300]} {
		if _, err := parseKey(s); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.40q: %v", s, err)
		}
	}
	now := time.UnixMilli(1_766_700_000_123)
	h, err := (&apiKey{"id", private}).headers(now, http.MethodGet, "/trade-api/ws/v2")
	if err != nil {
		t.Fatal(err)
	}
	sign, err := base64.StdEncoding.DecodeString(h.Get("KALSHI-ACCESS-SIGNATURE"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("1766700000123GET/trade-api/ws/v2"))
	if err := rsa.VerifyPSS(&private.PublicKey, crypto.SHA256, sum[:], sign, &rsa.PSSOptions{SaltLength: sha256.Size}); err != nil {
		t.Error(err)
	}
	if h.Get("KALSHI-ACCESS-KEY") != "id" || h.Get("KALSHI-ACCESS-TIMESTAMP") != "1766700000123" {
		t.Errorf("%v", h)
	}
}

func TestRefusals(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 900_000_000, time.UTC)
	answer := func(status int, headers ...string) *http.Response {
		h := http.Header{}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h}
	}
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for want, a := range map[string]*http.Response{
		"ahead of Kalshi's: set it right":   answer(401, "Date", at(-10*time.Second)),
		"10s behind Kalshi's: set it right": answer(401, "Date", at(10*time.Second)),
		"belong together":                   answer(403, "Date", at(0)),
		"no date to compare":                answer(401),
	} {
		if err := refusal("x", a, now); !errors.Is(err, connect.ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	for wait, a := range map[time.Duration]*http.Response{
		unasked: answer(429), 7 * time.Second: answer(429, "Retry-After", "7"), time.Hour: answer(429, "Retry-After", "86400"),
	} {
		var after *connect.RetryAfter
		if err := refusal("x", a, now); !errors.As(err, &after) || after.Wait != wait {
			t.Errorf("%v, want %v", err, wait)
		}
	}
	if err := refusal("x", answer(404), now); !errors.Is(err, errNotThere) {
		t.Error(err)
	}
}

func TestAsks(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		want []string
	}{
		"leagues": {Options{Leagues: []string{"atp"}}, []string{"/events KXATPMATCH"}},
		"sports and series": {
			Options{Sports: []string{"icehockey"}, Series: []string{"KXFED", "KXNHLGAME"}},
			[]string{"/events KXNHLGAME", "/events KXNHLSPREAD", "/events KXNHLTOTAL", "/events KXFED"},
		},
		"events":  {Options{Events: []string{"A-1", "B/2"}}, []string{"/events/A-1 ", "/events/B%2F2 "}},
		"tickers": {Options{Tickers: []string{"A", "B", "C"}, PerCommand: 2}, []string{"/markets A,B", "/markets C"}},
	} {
		c.o.fill()
		var got []string
		for _, a := range c.o.asks() {
			got = append(got, a.path+" "+a.query.Get("series_ticker")+a.query.Get("tickers"))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	var every Options
	every.fill()
	if n := len(every.asks()); n < 3*15 {
		t.Errorf("without a filter %d lists are asked for", n)
	}
}

// The markets that end first are followed; those of which it is not known, last.
func TestFirst(t *testing.T) {
	o := Options{MaxMarkets: 3}
	list := o.first([]feed.Listed{
		{Ticker: "unknown"}, {Ticker: "b", CloseTime: "2026-01-02T00:00:00Z"}, {Ticker: "a", CloseTime: "2026-01-02T00:00:00Z"}, {Ticker: "c", Expected: "2026-01-01T00:00:00Z"},
	})
	var got []string
	for _, l := range list {
		got = append(got, l.Ticker)
	}
	if !slices.Equal(got, []string{"c", "a", "b"}) {
		t.Errorf("%v", got)
	}
}
