package main

import (
	"bufio"
	"context"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"corrgraph/proof/venue"
	"corrgraph/proof/venue/kalshi"
	"corrgraph/proof/venue/oddsapi"
	"corrgraph/proof/venue/stream"
)

// TestFirstHour does what docs/FIRST-HOUR.md says: each console block is run, section by section,
// against scripted servers, and must show the lines that stand there. A section has a folder of its
// own; a block "yaml NAME" is a file in it.
//
// In a line of output, … is anything. A line that is … alone is any number of lines. A line ^C ends the
// command once the lines before it were shown; others may come between those, because what is
// read is shown again and again.
func TestFirstHour(t *testing.T) {
	text, err := os.ReadFile("../../docs/FIRST-HOUR.md")
	if err != nil {
		t.Fatal(err)
	}
	venues := scripted(t)
	ran := 0
	for _, section := range strings.Split("\n"+string(text), "\n## ")[1:] {
		name, body, _ := strings.Cut(section, "\n")
		if !strings.Contains(body, "```console") {
			continue
		}
		ran++
		t.Run(name, func(t *testing.T) {
			h := &hour{T: t, dir: t.TempDir(), venues: venues}
			h.section(body)
		})
	}
	if ran < 6 {
		t.Errorf("%d sections have commands", ran)
	}
}

// hour is one section of the page.
type hour struct {
	*testing.T
	dir    string
	venues map[string]string // addresses
}

var block = regexp.MustCompile("(?s)```(console|yaml) ?([^\n]*)\n(.*?)```")

func (h *hour) section(body string) {
	for _, m := range block.FindAllStringSubmatch(body, -1) {
		if m[1] == "console" {
			h.console(m[3])
			continue
		}
		if m[2] != "" {
			h.write(m[2], h.addressed(m[3]))
		}
	}
}

func (h *hour) write(name, text string) {
	h.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
}

var ofVenue = regexp.MustCompile(`venue: ([a-z-]+)`)

// addressed gives the venues of a configuration the addresses of the scripted ones.
func (h *hour) addressed(yaml string) string {
	return ofVenue.ReplaceAllStringFunc(yaml, func(s string) string {
		if url := h.venues[strings.TrimPrefix(s, "venue: ")]; url != "" {
			return s + ", url: '" + url + "'"
		}
		return s
	})
}

// console runs the commands of a block.
func (h *hour) console(text string) {
	for _, part := range strings.Split("\n"+text, "\n$ ")[1:] {
		line, shown, _ := strings.Cut(part, "\n")
		var want []string
		for _, w := range strings.Split(shown, "\n") {
			if w = strings.TrimRight(w, " "); w != "" {
				want = append(want, w)
			}
		}
		h.command(line, want)
	}
}

// args are those of a command line: the shell's patterns are filled in, and the venue's address is
// added.
func (h *hour) args(line string) (out []string) {
	for i, w := range strings.Fields(line)[1:] {
		files, _ := filepath.Glob(filepath.Join(h.dir, w)) // most words are no pattern
		if strings.Contains(w, "*") && len(files) > 0 {
			out = append(out, files...)
			continue
		}
		if out = append(out, strings.Trim(w, "'")); i == 1 && h.venues[w] != "" {
			out = append(out, "--url", h.venues[w])
		}
	}
	if strings.HasPrefix(line, "corrgraph connect") {
		out = append(out, "--listen", "127.0.0.1:0")
	}
	if strings.HasPrefix(line, "corrgraph doctor") && !strings.Contains(line, "--for") {
		out = append(out, "--for", "10m") // it ends sooner, whatever else the machine does
	}
	return out
}

// command runs a command until it ends or, if ^C is wanted, has shown what comes before that.
func (h *hour) command(line string, want []string) {
	h.Helper()
	cmd := exec.CommandContext(h.Context(), os.Args[0], h.args(line)...)
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	s := &shower{lines: bufio.NewScanner(out)}
	gap := false
	for _, w := range want {
		switch {
		case w == "^C":
			_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended, which shows below
			gap = true
			continue
		case w == "…":
			gap = true
			continue
		case !s.find(w, gap || interrupted(want)):
			_ = cmd.Process.Kill()
			_, _ = io.Copy(io.Discard, out)
			h.Fatalf("$ %s\nshows no line %q; it shows:\n%s", line, w, strings.Join(s.seen, "\n"))
		}
		gap = false
	}
	for s.lines.Scan() {
		s.seen = append(s.seen, s.lines.Text())
	}
	_ = cmd.Wait() // its exit code is the program's, which says why
	h.Logf("$ %s\n%s", line, strings.Join(s.seen, "\n"))
	if want != nil && want[len(want)-1] != "…" && !interrupted(want) && s.used != len(s.seen) {
		h.Errorf("$ %s\nshows more:\n%s", line, strings.Join(s.seen, "\n"))
	}
}

func interrupted(want []string) bool {
	for _, w := range want {
		if w == "^C" {
			return true
		}
	}
	return false
}

// shower reads what a command shows.
type shower struct {
	lines *bufio.Scanner
	seen  []string
	used  int // of seen, up to the last line that was found
}

// find reads up to a line; without between it must be the next one.
func (s *shower) find(want string, between bool) bool {
	var parts []string
	for _, p := range strings.Split(strings.Join(strings.Fields(want), " "), "…") {
		parts = append(parts, regexp.QuoteMeta(p))
	}
	as := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
	for s.lines.Scan() {
		text := s.lines.Text()
		s.seen = append(s.seen, text)
		if text = strings.Join(strings.Fields(text), " "); text == "" {
			continue
		}
		if as.MatchString(text) {
			s.used = len(s.seen)
			return true
		}
		if !between {
			return false
		}
	}
	return false
}

// scripted starts a server of each venue at an address of this machine, and sets the secrets that
// they want.
func scripted(t *testing.T) map[string]string {
	t.Helper()
	private, text := kalshi.NewKey()
	t.Setenv("CORRGRAPH_SECRET_KALSHI_KEY_ID", "a952bcbe-ec3b-4b5b-b8f9-11dae589608c")
	t.Setenv("CORRGRAPH_SECRET_KALSHI_PRIVATE_KEY", text)
	t.Setenv("CORRGRAPH_SECRET_ODDS_API", "a-key-of-the-api")
	t.Setenv("CORRGRAPH_SECRET_FEED_KEY", "a-key-of-the-feed")
	return map[string]string{
		"polymarket": newExchange(t).url,
		"kalshi":     scriptedKalshi(t, private),
		"betfair":    "https://127.0.0.1:1", // nobody is there
		"odds-api":   scriptedOddsAPI(t),
		"stream":     strings.Replace(scriptedStream(t), "http", "ws", 1) + "/odds",
	}
}

// front is a server in memory at an address of this machine.
func front(t *testing.T, n *venue.Net, host string, end func()) string {
	t.Helper()
	s := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", host },
		Transport: &http.Transport{DialContext: n.Dial},
	})
	t.Cleanup(func() {
		end()
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

func scriptedKalshi(t *testing.T, private *rsa.PrivateKey) string {
	n := &venue.Net{}
	var markets []kalshi.Market
	day := strings.ToUpper(clock().Add(30 * time.Hour).Format("06Jan02"))
	for _, g := range [][2]string{{"CLE", "NYK"}, {"SAS", "OKC"}, {"BOS", "MIA"}} {
		event, title := "KXNBAGAME-"+day+g[0]+g[1], g[0]+" at "+g[1]
		for _, team := range g {
			markets = append(markets, kalshi.Market{Ticker: event + "-" + team, Event: event, Title: title + " Winner?", EventTitle: title, Yes: team})
		}
	}
	s := kalshi.Start(kalshi.Options{Net: n, Address: "kalshi.test:80", KeyID: os.Getenv("CORRGRAPH_SECRET_KALSHI_KEY_ID"), Public: &private.PublicKey, Seed: 1, Markets: markets})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx, 20*time.Millisecond) }()
	return front(t, n, "kalshi.test:80", func() { stop(); <-ended; s.Close() })
}

func scriptedOddsAPI(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	starts := map[string][]time.Time{"basketball_nba": {clock().Add(20 * time.Minute), clock().Add(2 * time.Hour)}}
	// The last minute of a day has its share of the credits too.
	s := oddsapi.New(oddsapi.Options{Key: os.Getenv("CORRGRAPH_SECRET_ODDS_API"), Credits: 10_000_000, Market: &oddsapi.Walk{Seed: 1, Games: starts}})
	go s.Serve(l)
	t.Cleanup(s.Close)
	return fmt.Sprintf("http://%s/v4", l.Addr())
}

func scriptedStream(t *testing.T) string {
	n := &venue.Net{}
	s := stream.Start(stream.Options{Net: n, Address: "feed.test:80", Key: os.Getenv("CORRGRAPH_SECRET_FEED_KEY"), Seed: 1, Events: 3, Every: 20 * time.Millisecond})
	return front(t, n, "feed.test:80", s.Close)
}
