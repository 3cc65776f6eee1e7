package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// small is a site with a build.
func small() *site {
	return newSite(fstest.MapFS{
		"dist/README.txt":          {Data: []byte("no page")},
		"dist/app/index.html":      {Data: []byte("<!doctype html>" + strings.Repeat("a page ", 100))},
		"dist/app/icon.svg":        {Data: []byte("<svg/>")},
		"dist/app/assets/a-1f2.js": {Data: []byte(strings.Repeat("let x = 1\n", 100))},
	})
}

func get(t *testing.T, h http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestServe(t *testing.T) {
	for _, c := range []struct {
		method, path, cache string
		status              int
	}{
		{"GET", "/", "no-cache", 200},
		{"HEAD", "/", "no-cache", 200},
		{"GET", "/edge", "no-cache", 200},
		{"GET", "/correlation-performance", "no-cache", 200},
		{"GET", "/assets/a-1f2.js", "public, max-age=31536000, immutable", 200},
		{"GET", "/icon.svg", "no-cache", 200},
		{"GET", "/assets/a-000.js", "", 404},
		{"GET", "/README.txt", "", 404},
		{"GET", "/v1/nothing", "", 404},
		{"GET", "/edges", "", 404},
		{"POST", "/", "", 404},
	} {
		w := get(t, small(), c.method, c.path)
		if w.StatusCode != c.status || w.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s %s: %d, Cache-Control %q, want %d, %q", c.method, c.path, w.StatusCode, w.Header.Get("Cache-Control"), c.status, c.cache)
		}
	}
}

func TestPolicyAllowsNothingInline(t *testing.T) {
	p := get(t, small(), "GET", "/").Header.Get("Content-Security-Policy")
	if !strings.Contains(p, "script-src 'self';") || strings.Contains(p, "unsafe") {
		t.Errorf("policy %q", p)
	}
}

func TestGzipAndTags(t *testing.T) {
	s := small()
	plain, packed := get(t, s, "GET", "/"), get(t, s, "GET", "/", "Accept-Encoding", "br, gzip")
	if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("encodings %q, %q", plain.Header.Get("Content-Encoding"), packed.Header.Get("Content-Encoding"))
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := io.ReadAll(plain.Body)
	if got, err := io.ReadAll(z); err != nil || string(got) != string(want) {
		t.Errorf("the compressed page differs: %v", err)
	}
	tag := packed.Header.Get("Etag")
	if tag == plain.Header.Get("Etag") {
		t.Error("one tag for two forms")
	}
	if again := get(t, s, "GET", "/", "Accept-Encoding", "gzip", "If-None-Match", tag); again.StatusCode != 304 {
		t.Errorf("with the tag: %d, want 304", again.StatusCode)
	}
	if refused := get(t, s, "GET", "/", "Accept-Encoding", "gzip;q=0"); refused.Header.Get("Content-Encoding") != "" {
		t.Error("compressed for a client that refuses it")
	}
}

func TestWithoutBuild(t *testing.T) {
	s := newSite(fstest.MapFS{"dist/README.txt": {Data: []byte("no page")}})
	for _, path := range []string{"/", "/scorecard"} {
		w := get(t, s, "GET", path)
		body, _ := io.ReadAll(w.Body)
		if w.StatusCode != 200 || !strings.Contains(string(body), "make build") || !strings.Contains(string(body), "make web") {
			t.Errorf("%s: %d %q", path, w.StatusCode, body)
		}
	}
}

// TestPagesAreThoseOfTheApp keeps the two lists of addresses in step.
func TestPagesAreThoseOfTheApp(t *testing.T) {
	src, err := os.ReadFile("src/lib/route.ts")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile(`path: "/([a-z-]+)"`).FindAllSubmatch(src, -1) {
		got = append(got, string(m[1]))
	}
	want := slices.Clone(pages)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the app has %v, the handler %v", got, want)
	}
}

// most limits the compressed bytes that browsers have to load.
const most = 150 << 10

func TestSize(t *testing.T) {
	s := newSite(embedded)
	if !s.built {
		t.Skip("the pages are not built")
	}
	total := 0
	for name, f := range s.files {
		n := len(f.body)
		if f.packed != nil {
			n = len(f.packed)
		}
		total += n
		t.Logf("%7d %s", n, name)
	}
	if total > most {
		t.Errorf("%d bytes compressed, more than %d", total, most)
	}
}
