package kalshi

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"corrgraph/server/connect"
)

// apiKey signs requests. It has no exported members and is never formatted.
type apiKey struct {
	id      string
	private *rsa.PrivateKey
}

// key reads the API key from the secrets. An error says what is wrong with it, never what it is.
func (v *Venue) key(w *connect.World) (*apiKey, error) {
	if w.Secret == nil {
		return nil, fmt.Errorf("%w: Kalshi needs an API key, and no place for secrets is set", connect.ErrRefused)
	}
	id, err := w.Secret(v.o.KeyID)
	if err != nil {
		return nil, fmt.Errorf("%w: the id of Kalshi's API key: %w", connect.ErrRefused, err)
	}
	text, err := w.Secret(v.o.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("%w: the private key of Kalshi's API key: %w", connect.ErrRefused, err)
	}
	private, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%w: the secret %s: %w: it must hold the file that Kalshi gave out with the API key, whole", connect.ErrRefused, v.o.PrivateKey, err)
	}
	return &apiKey{strings.TrimSpace(id), private}, nil
}

// parseKey reads an RSA key in PEM, PKCS #1 or #8. Its errors hold nothing of the text.
func parseKey(text string) (*rsa.PrivateKey, error) {
	// A key that came through an environment variable may have its line ends written out.
	block, _ := pem.Decode([]byte(strings.ReplaceAll(strings.TrimSpace(text), `\n`, "\n") + "\n"))
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("no private key in the PEM block")
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an RSA key")
	}
	return key, nil
}

// headers signs a request: the time, the method and the path without its query. They are good for
// a few seconds, so every request has its own.
func (k *apiKey) headers(now time.Time, method, path string) (http.Header, error) {
	stamp := strconv.FormatInt(now.UnixMilli(), 10)
	sum := sha256.Sum256([]byte(stamp + method + path))
	sign, err := rsa.SignPSS(rand.Reader, k.private, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		return nil, errors.New("the request could not be signed: is the key shorter than 1024 bits?")
	}
	h := http.Header{}
	h.Set("KALSHI-ACCESS-KEY", k.id)
	h.Set("KALSHI-ACCESS-TIMESTAMP", stamp)
	h.Set("KALSHI-ACCESS-SIGNATURE", base64.StdEncoding.EncodeToString(sign))
	return h, nil
}
