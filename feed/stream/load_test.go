package stream

import (
	"errors"
	"os"
	"strings"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/feed/stream/placeholder"
)

// Every mistake is named with its line, its key and what would be right.
func TestMistakesAreNamed(t *testing.T) {
	b, err := os.ReadFile("testdata/websocket.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	for _, c := range []struct{ from, to, want string }{
		{"name: numbered\n", "", "key name: it is required; write name: my-source"},
		{"transport: websocket", "transport: sockets", `line 6: key transport: unknown word "sockets"; did you mean "websocket"?`},
		{"transport: websocket\n", "", "it is required; write transport: sse or transport: websocket"},
		{"wss://feed", "https://feed", "line 7: key url: of a source with transport websocket: write wss://host/path"},
		{"wss://feed", "wss://user:word@feed", "Authorization: Basic ${secret:name}"},
		{"wss://feed.example.com", "wss://$x.example.com", "no placeholder in the host"},
		{"url: wss://feed.example.com/v3/odds\n", "", "key url: it is required; write url: wss://host/path"},
		{"${secret:feed_key}", "${feed_key}", "line 9: key subscribe[0]: unknown placeholder ${feed_key}; write ${secret:name}"},
		{"${secret:feed_key}", "${secret:feed_key", `write ${secret:name}`},
		{"subscribe:", "subscripe:", `line 8: unknown key "subscripe"; did you mean "subscribe"?`},
		{"silence: 25s", "silence: 25", `"25" is no duration; write one such as 30s or 5m`},
		{"from_seq: \"${resume:number}\"", "all: true", "nothing sends the position; write ${resume}"},
		{"id: seq", "id: '@id'", "@id is for transport sse"},
		{"do: wait, after: 2m", "do: pause", `line 23: key close.4029.do: unknown word "pause"`},
		{"do: wait, after: 2m", "after: 2m", "key close.4029.after: it is for do: wait"},
		{"do: refuse, say: the key has no right to this feed", "do: refuse", "say what somebody has to do"},
		{"4029:", "429:", "key close.429: want a code of 1000 to 4999"},
		{"is: snapshot", "is: snapshots", `key messages[0].is: unknown word "snapshots"; did you mean "snapshot"?`},
		{"is: snapshot\n", "\n", "say what it is; write is: delta"},
		{"covers: all", "covers: event", "it is for a snapshot in parts; write covers: all beside it"},
		{"is: delta,", "is: delta, covers: all,", "it is for a snapshot"},
		{`rows: ["changes[]"]`, `rows: ["changes[x]"]`, `key messages[1].rows[0]: where the rows are: "changes[x]"`},
		{"sport: /events[].sport", "sport: /games[].sport", `goes through other arrays than the rows "events[].books{}[]"`},
		{"sport: /events[].sport", "sport: tags[]", "has 1 values for one row"},
		{"  sport: /events", "  spurt: /events", `unknown field; did you mean "sport"?`},
		{"is: heartbeat}", `is: heartbeat, rows: ["a[]"]}`, "a message that is heartbeat has none"},
		{"is: heartbeat}", "is: heartbeat, do: wait}", "it is for an error"},
		{"  price: p\n", "", ""},
		{"  market: {path: m, words: {ml: h2h, hc: spreads, ou: totals}}\n", "", "need the field market; write it under fields"},
		{`"1": home`, `"1": hime`, `unknown word "hime"; want one of`},
		{"price_format: {const: american}", "price_format: {const: us}", `unknown word "us"`},
		{"{path: /ts, unit: ms}", "{path: /ts, unit: min}", `key fields.ts_source.unit: unknown word "min"; did you mean "ms"?`},
		{"{path: /ts, unit: ms}", "{path: /ts, match: '('}", "key fields.ts_source.match"},
		{"line: h\n", "line: {path: h, unit: s}\n", "it is for ts_source and start"},
		{"line: h\n", "line: {path: h, const: x}\n", "it has a path and is constant; leave one out"},
		{"line: h\n", "line: {path: h, else: keep}\n", "write words beside it"},
		{"line: h\n", "line: \n", "it is empty; write a path such as data[0].price"},
		{"sequence: {path: seq}", "sequence: {path: 'a[]'}", "has several values; name one: [0]"},
	} {
		if !strings.Contains(good, c.from) {
			t.Fatalf("the example has no %q", c.from)
		}
		_, err := Read("x.yaml", []byte(strings.Replace(good, c.from, c.to, 1)))
		switch {
		case c.want == "" && err == nil:
		case err == nil || c.want == "" || !strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrMap):
			t.Errorf("%q → %q: %v, want %q", c.from, c.to, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"": "want one mapping", "- a": "want one mapping", "a: [": "x.yaml", strings.Repeat("#", mostMap+1): "want at most",
		"name: a\ntransport: sse\nurl: https://h/\nsubscribe: [x]\n":              "line 4: key subscribe: server-sent events go one way",
		"name: a\ntransport: sse\nurl: https://h/\nalive: {ping: x}\n":            "key alive.ping: server-sent events go one way",
		"name: a\ntransport: sse\nurl: https://h/\n":                              "key messages: it is required",
		"name: a\ntransport: sse\nurl: https://h/\nmessages: [{is: heartbeat}]\n": "none of them has prices",
	} {
		if _, err := Read("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
}

// The map in the documentation is one.
func TestDocumentedMap(t *testing.T) {
	b, err := os.ReadFile("../../docs/feeds/stream.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	if _, err := Read("stream.md", []byte(text)); err != nil || !ok {
		t.Errorf("%v in\n%s", err, text)
	}
}

func TestPlaceholders(t *testing.T) {
	f := placeholder.Filling{Secret: func(name string) (string, error) { return `"` + name, nil }}
	m, err := Read("x", []byte(strings.Replace(strings.Replace(small, "%s", "subscribe:\n  - {key: '${secret:k}', from: '${resume:number}', at: ['${resume}', b]}\n  - key=${secret:k}\n  - from=${resume}", 1), "%s", "all", 1)))
	if err != nil {
		t.Fatal(err)
	}
	for position, want := range map[string][3]string{
		"":    {`{"at":["b"],"key":"\"k"}`, `key="k`, ""},
		"12":  {`{"at":["12","b"],"from":12,"key":"\"k"}`, `key="k`, "from=12"},
		"1-2": {`{"at":["1-2","b"],"from":"1-2","key":"\"k"}`, `key="k`, "from=1-2"},
	} {
		f.Position = position
		for i := range m.Subscribe {
			got, ok, err := f.Payload(&m.Subscribe[i])
			if !ok {
				got = ""
			}
			if err != nil || got != want[i] {
				t.Errorf("%q: %q, %v, want %q", position, got, err, want[i])
			}
		}
	}
}

// Half an image is nothing to go on from.
func TestThereIsNoPositionInHalfAnImage(t *testing.T) {
	d := NewDecoder(example(t, "websocket"), Limits{})
	want := map[int]string{2: "", 3: "2", 4: "3", 9: "7", 10: "", 11: "10"}
	for i, f := range recorded(t, "websocket") {
		_, _ = d.Frame(f)
		if at, ok := want[i]; ok && d.Heard().Position != at {
			t.Errorf("after frame %d the position is %q, want %q", i, d.Heard().Position, at)
		}
	}
}

// What a lost connection left is live again when the source has caught up, and not before.
func TestGoingOn(t *testing.T) {
	k := newTalk(t, "resume: {id: n}\nsubscribe: [{from: '${resume}'}]", "all", Limits{})
	k.say(`{"t":"img","n":1,"r":[`+offer("e", "h2h", "home", 0, 2, "")+","+offer("f", "h2h", "home", 0, 3, "")+`]}`,
		"+1000 e v h2h image [Home 0 2]\n+1000 f v h2h image [Home 0 3]\ne/v/h2h is live \nf/v/h2h is live \n")
	if h := k.d.Heard(); h.Position != "1" || h.Rows != 2 {
		t.Errorf("%+v", h)
	}
	k.note(frames.Gap, "+2000 e v h2h unknown\n+2000 f v h2h unknown\ne/v/h2h is gap w\nf/v/h2h is gap w\n")
	k.f.Conn, k.f.Kind, k.f.Channel = 2, frames.Out, Resumed
	k.say(`"1"`, "")
	k.f.Kind, k.f.Channel = frames.In, ""
	k.say(`{"t":"d","r":[{"e":"e","b":"v","m":"h2h","o":"home","l":0,"c":2.5,"ts":1800000001500}]}`, "+2000 e v h2h image [Home 0 2.5]\ne/v/h2h is live \n")
	k.say(`{"t":"hb"}`, "+5000 f v h2h image [Home 0 3]\nf/v/h2h is live \n")
	k.note(frames.Gap, "+6000 e v h2h unknown\n+6000 f v h2h unknown\ne/v/h2h is gap w\nf/v/h2h is gap w\n")
	k.f.Conn = 3 // which does not go on
	k.say(`{"t":"hb"}`, "")
	k.say(`{"t":"d","r":[`+offer("e", "h2h", "home", 0, 4, "")+`]}`, "? change of a market before its image\n")
}
