package betfair

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"corrgraph/server/connect"
)

// secrets are what nobody else may read.
type secrets struct {
	appKey, user, password string
	cert                   []tls.Certificate
	sum                    [32]byte // of all of them
}

// secretsOf asks the world for the secrets.
func (v *Venue) secretsOf(w *connect.World) (s secrets, err error) {
	if w.Secret == nil {
		return s, fmt.Errorf("%w: betfair needs secrets, and there is no way to ask for them", connect.ErrRefused)
	}
	sum := sha256.New()
	get := func(name string) (text string) {
		text, e := w.Secret(name)
		if e == nil && strings.TrimSpace(text) == "" {
			e = errors.New("it is empty")
		}
		if e != nil && err == nil {
			err = fmt.Errorf("%w: set the secret %s: %w", connect.ErrRefused, name, e)
		}
		fmt.Fprintf(sum, "%d:%s", len(text), text)
		return strings.TrimSpace(text)
	}
	s.appKey, s.user, s.password = get(AppKey), get(User), get(Password)
	if !v.o.Interactive {
		cert, key := get(Certificate), get(Key)
		if err != nil {
			return s, fmt.Errorf("%w (or log in interactively, without a certificate)", err)
		}
		pair, e := tls.X509KeyPair([]byte(cert), []byte(key))
		if e != nil {
			return s, fmt.Errorf("%w: the secrets %s and %s are no certificate and its key in PEM", connect.ErrRefused, Certificate, Key)
		}
		s.cert = []tls.Certificate{pair}
	}
	sum.Sum(s.sum[:0])
	return s, err
}

// mostTokens is how many of the tokens that were used last are hidden.
const mostTokens = 64

// hidden returns data without secrets and the tokens of sessions.
func (s *session) hidden(data []byte) []byte {
	s.v.mu.Lock()
	words := slices.Clone(s.v.tokens)
	s.v.mu.Unlock()
	for _, word := range append(words, s.secrets.appKey, s.secrets.user, s.secrets.password) {
		if len(word) > 3 && bytes.Contains(data, []byte(word)) {
			data = bytes.ReplaceAll(data, []byte(word), []byte("***"))
		}
	}
	return data
}

// hide has a token hidden from now on.
func (v *Venue) hide(token string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tokens = append(v.tokens, token)
	v.tokens = v.tokens[max(0, len(v.tokens)-mostTokens):]
}

// client returns a client that shows the certificate to those who ask for it.
func (v *Venue) client(w *connect.World, s *secrets) *http.Client {
	c := http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t := &http.Transport{DialContext: w.Dial}
	if w.HTTP != nil {
		if base, ok := w.HTTP.Transport.(*http.Transport); ok {
			t = base.Clone()
		}
	}
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.Certificates = s.cert
	if v.o.RootCAs != nil {
		t.TLSClientConfig.RootCAs = v.o.RootCAs
	}
	c.Transport = t
	return &c
}

// mostAnswer limits the answer to a request in bytes.
const mostAnswer = 32 << 20

// ask sends a request with the usual headers, and returns the answer to it and its status.
func (s *session) ask(ctx context.Context, address, kind, token string, body []byte) (data []byte, status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-Application", s.secrets.appKey)
	if token != "" {
		r.Header.Set("X-Authentication", token)
	}
	a, err := s.http.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer a.Body.Close()
	if data, err = io.ReadAll(io.LimitReader(a.Body, mostAnswer)); err != nil {
		return nil, a.StatusCode, fmt.Errorf("%s: %w", address, err)
	}
	if a.StatusCode == http.StatusTooManyRequests || a.StatusCode == http.StatusServiceUnavailable {
		err := fmt.Errorf("%s answers %s", address, a.Status)
		if n, e := strconv.Atoi(a.Header.Get("Retry-After")); e == nil && n > 0 {
			return nil, a.StatusCode, &connect.RetryAfter{Wait: min(time.Duration(n)*time.Second, time.Hour), Err: err}
		}
		return nil, a.StatusCode, err
	}
	return data, a.StatusCode, nil
}

// token returns the session's token; it logs in if there is none or the present one is old.
func (s *session) token(ctx context.Context, old string) (string, error) {
	l := &s.v.login
	l.Lock()
	defer l.Unlock()
	if l.token != "" && l.token != old {
		return l.token, nil
	}
	if l.wrong == s.secrets.sum {
		return "", errPassword
	}
	l.token = ""
	token, err := s.logIn(ctx)
	if errors.Is(err, errPassword) {
		l.wrong = s.secrets.sum
	}
	if l.token = token; token != "" {
		s.v.hide(token)
	}
	return token, err
}

// errPassword: it is not tried again with the same secrets: a few times more, and Betfair locks the
// account.
var errPassword = fmt.Errorf("%w: betfair does not accept user and password: correct the secrets %s and %s; they are not tried again as they are",
	connect.ErrRefused, User, Password)

// logIn begins a session with Betfair.
func (s *session) logIn(ctx context.Context) (string, error) {
	address := s.v.o.CertLogin
	if s.v.o.Interactive {
		address = s.v.o.Login
	}
	form := url.Values{"username": {s.secrets.user}, "password": {s.secrets.password}}
	data, status, err := s.ask(ctx, address, "application/x-www-form-urlencoded", "", []byte(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("logging in to betfair: %w", err)
	}
	var a struct {
		SessionToken, LoginStatus string // with a certificate
		Token, Status, Error      string // without
	}
	if e := json.Unmarshal(data, &a); e != nil || status != http.StatusOK {
		err := fmt.Errorf("logging in to betfair: %s answers with status %d", address, status)
		if status == http.StatusUnauthorized || status == http.StatusForbidden {
			return "", fmt.Errorf("%w: %w: check the app key, and that the certificate was uploaded to the account", connect.ErrRefused, err)
		}
		return "", err
	}
	if token := a.SessionToken + a.Token; token != "" && (a.LoginStatus == "SUCCESS" || a.Status == "SUCCESS") {
		return token, nil
	}
	code := a.LoginStatus
	if s.v.o.Interactive {
		if code = a.Error; code == "" {
			code = a.Status
		}
	}
	return "", loginError(code)
}

// plain is what a code looks like; anything else is not repeated.
var plain = regexp.MustCompile(`^[A-Z0-9_-]{1,64}$`)

// loginError says what to do about a login that failed.
func loginError(code string) error {
	switch {
	case code == "INVALID_USERNAME_OR_PASSWORD":
		return errPassword
	case code == "TEMPORARY_BAN_TOO_MANY_REQUESTS":
		return &connect.RetryAfter{Wait: 20 * time.Minute, Err: errors.New("betfair has locked logging in for 20 minutes, because it was done too often")}
	case code == "CERT_AUTH_REQUIRED":
		return fmt.Errorf("%w: betfair does not know the certificate (CERT_AUTH_REQUIRED): upload it to the account, or log in interactively", connect.ErrRefused)
	case code == "FAIL" || code == "" || code == "INTERNAL_ERROR":
		return errors.New("logging in to betfair failed, and it does not say why")
	case !plain.MatchString(code):
		return errors.New("logging in to betfair failed with a code that is none")
	}
	return fmt.Errorf("%w: betfair does not let the account in (%s): log in on its site and do what it asks for", connect.ErrRefused, code)
}

// prolong keeps the session with Betfair alive.
func (s *session) prolong(ctx context.Context) {
	for wait(ctx, s.v.o.Prolong) {
		l := &s.v.login
		l.Lock()
		token := l.token
		l.Unlock()
		data, _, err := s.ask(ctx, s.v.o.KeepAlive, "application/x-www-form-urlencoded", token, nil)
		var a struct{ Status, Error string }
		if err == nil {
			err = json.Unmarshal(data, &a)
		}
		if err == nil && a.Status == "SUCCESS" {
			continue
		}
		if a.Error == "NO_SESSION" {
			_, err = s.token(ctx, token)
		}
		if err != nil && ctx.Err() == nil {
			s.world.Log.Warn("the session with betfair was not prolonged", "why", err.Error())
		}
	}
}

// wait waits; false if ctx has ended.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
