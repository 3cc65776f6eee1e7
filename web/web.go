package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var embedded embed.FS

// policy lets pages load and request only from this server. The pages have no
// inline script or style, so the policy allows none.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// pages are the first path segments of the dashboard's addresses, as in
// src/lib/route.ts. All serve the same document, which reads its address.
var pages = []string{
	"events", "leaders", "timeline", "edge", "scorecard", "arbitrage",
	"correlation-performance", "readiness", "feeds", "review", "audit", "backups", "stress",
}

// file is one embedded file.
type file struct {
	body, packed []byte // packed: gzip, nil if that is no smaller
	kind         string
	tag          string // strong, without quotes
	lasting      bool   // immutable: its name changes with its content
}

// site maps paths to files. It is immutable.
type site struct {
	files map[string]*file
	built bool
}

// Handler serves the dashboard: the same document at / and at the address of every
// page, and the files that it loads. It answers only GET and HEAD; anything else is
// not found. Bodies are compressed once, here. It is safe for concurrent use.
func Handler() http.Handler { return newSite(embedded) }

// Built reports whether the binary contains the built pages.
func Built() bool {
	_, err := fs.Stat(embedded, "dist/app/index.html")
	return err == nil
}

// Serves reports whether the dashboard serves a path, so that its caller knows
// which paths need no token: the pages hold no data.
func Serves(p string) bool {
	if p == "/" || strings.HasPrefix(p, "/assets/") || p == "/icon.svg" {
		return true
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	for _, name := range pages {
		if first == name {
			return true
		}
	}
	return false
}

func newSite(all fs.FS) *site {
	s := &site{files: map[string]*file{}}
	app, err := fs.Sub(all, "dist/app")
	if err == nil {
		err = fs.WalkDir(app, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := fs.ReadFile(app, name)
			if err == nil {
				s.files["/"+name] = newFile(name, body)
			}
			return err
		})
	}
	if index := s.files["/index.html"]; err == nil && index != nil {
		s.built = true
		s.files["/"] = index
		delete(s.files, "/index.html")
		return s
	}
	s.files = map[string]*file{"/": newFile("missing.html", []byte(missing))}
	return s
}

// missing is served if the pages were not built.
const missing = `<!doctype html><html lang="en"><meta charset="utf-8"><title>corrgraph</title>
<h1>The dashboard is not in this build</h1>
<p>The service and its API work; <a href="/openapi.json">/openapi.json</a> describes the API.
<p>The pages are built with Node.js 20 or later and embedded in the binary, which <code>go build</code> alone does not do. Run <code>make build</code> in the
source tree and start <code>bin/corrgraph</code>; or run <code>make web</code>, then your own <code>go build ./cmd/corrgraph</code>. Released archives and the
container image have the pages.
</html>
`

func newFile(name string, body []byte) *file {
	sum := sha256.Sum256(body)
	f := &file{body: body, kind: mime.TypeByExtension(path.Ext(name)), tag: hex.EncodeToString(sum[:12]), lasting: strings.HasPrefix(name, "assets/")}
	switch path.Ext(name) { // independent of the machine's MIME tables
	case ".js":
		f.kind = "text/javascript; charset=utf-8"
	case ".css":
		f.kind = "text/css; charset=utf-8"
	case ".svg":
		f.kind = "image/svg+xml"
	case ".html":
		f.kind = "text/html; charset=utf-8"
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = w.Write(body)                                  // to memory
	_ = w.Close()
	if b.Len() < len(body) {
		f.packed = b.Bytes()
	}
	return f
}

// ServeHTTP implements http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := s.find(r.URL.Path)
	if f == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, tag := f.body, `"`+f.tag+`"`
	if f.packed != nil && takesGzip(r.Header.Get("Accept-Encoding")) {
		// Different bytes need a different strong tag.
		body, tag = f.packed, `"`+f.tag+`-gzip"`
	}
	h.Set("Etag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if len(body) != len(f.body) {
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", f.kind)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // a client that left needs no answer
	}
}

// find returns the file at a path, nil if there is none.
func (s *site) find(p string) *file {
	if f := s.files[p]; f != nil {
		return f
	}
	if Serves(p) && !strings.HasPrefix(p, "/assets/") && p != "/icon.svg" {
		return s.files["/"]
	}
	return nil
}

// takesGzip parses Accept-Encoding as far as browsers use it.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" || name == "*" {
			return strings.TrimSpace(quality) != "q=0"
		}
	}
	return false
}
