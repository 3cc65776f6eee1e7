package betfair

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"corrgraph/feed/frames"
	"corrgraph/odds"
)

// talk feeds a decoder with frames, one a second.
type talk struct {
	t    testing.TB
	d    *Decoder
	now  odds.Time
	conn int
	bs   []*odds.Batch
	told frames.Told // the last
	err  error       // the last
}

func begin(t testing.TB) *talk {
	return &talk{t: t, d: NewDecoder(Options{}), now: 1_800_000_000_000, conn: 1}
}

func (k *talk) frame(kind frames.Kind, channel, data string) *talk {
	k.now += 1000
	k.told, k.err = k.d.Frame(&frames.Frame{Recv: k.now, Conn: k.conn, Kind: kind, Channel: channel, Data: []byte(data)})
	for _, b := range k.told.Batches {
		if b.Source != Source || b.At > b.Recv || b.Recv != k.now || len(b.Updates) == 0 {
			k.t.Errorf("batch %+v", b)
		}
	}
	k.bs = append(k.bs, k.told.Batches...)
	return k
}

func (k *talk) in(data string) *talk  { return k.frame(frames.In, Stream, data) }
func (k *talk) out(data string) *talk { return k.frame(frames.Out, Stream, data) }
func (k *talk) note(state frames.State, markets ...string) *talk {
	data, _ := json.Marshal(frames.Notice{State: state, Why: "so", Markets: markets})
	return k.frame(frames.Note, "", string(data))
}

// states lists the changes of the last frame: "1.1 live".
func (k *talk) states() (out []string) {
	for _, c := range k.told.Changes {
		out = append(out, c.Market+" "+string(c.State))
	}
	slices.Sort(out)
	return out
}

func (k *talk) expect(what string, states []string, statuses ...odds.Status) {
	k.t.Helper()
	var got []odds.Status
	for _, b := range k.told.Batches {
		for _, u := range b.Updates {
			got = append(got, u.Status)
		}
	}
	if !slices.Equal(k.states(), states) || !slices.Equal(got, statuses) {
		k.t.Errorf("%s: %v, told %v (%v); want %v, %v", what, k.states(), got, k.err, states, statuses)
	}
}

func subscribe(id int, clocks string) string {
	return fmt.Sprintf(`{"op":"marketSubscription","id":%d%s}`, id, clocks)
}

// mcm writes a message of changes.
func mcm(id int, rest string) string {
	return fmt.Sprintf(`{"op":"mcm","id":%d,"pt":1790000000000%s}`, id, rest)
}

// whole is the image of a market of two runners.
func whole(id string, price float64) string {
	return fmt.Sprintf(`{"id":%q,"img":true,"marketDefinition":{"status":"OPEN",%s},"rc":[{"id":1,"ltp":%v},{"id":2,"ltp":3}]}`, id, strings.ReplaceAll(two, `"9"`, `"9`+id+`"`), price)
}

func part(id, rc string) string { return fmt.Sprintf(`{"id":%q,"rc":[%s]}`, id, rc) }

const clocked = `,"initialClk":"i","clk":"c","ct":"SUB_IMAGE","mc":[`

var live2 = []string{"1.1 live", "1.2 live"}

func twoMarkets(t testing.TB) *talk {
	k := begin(t)
	k.out(subscribe(2, "")).in(mcm(2, clocked+whole("1.1", 2)+","+whole("1.2", 4)+`]`))
	k.expect("image", live2, odds.Open, odds.Open)
	return k
}

func TestAConnectionGoesOnFromItsClocks(t *testing.T) {
	k := twoMarkets(t)
	k.note(frames.Gap)
	k.expect("lost", nil, odds.Unknown, odds.Unknown)
	k.note(frames.Gap)
	k.expect("lost again", nil)
	for k.conn = 2; k.conn < 4; k.conn++ { // the second connection is lost too, before it tells anything
		k.out(subscribe(5, `,"initialClk":"i","clk":"c"`)).expect("asked", nil)
		k.note(frames.Gap)
	}
	k.out(subscribe(5, `,"initialClk":"i","clk":"c"`))
	k.in(mcm(5, `,"clk":"d","ct":"RESUB_DELTA","mc":[`+part("1.1", `{"id":1,"ltp":2.5}`)+`]`))
	k.expect("restored", live2, odds.Open, odds.Open)
	u := k.told.Batches[0].Updates
	if !u[0].Image || u[0].Quotes[0].Price != 2.5 || !u[1].Image || u[1].Quotes[0].Price != 4 || len(u[1].Quotes) != 2 {
		t.Errorf("%+v", u)
	}
	k.in(mcm(5, `,"clk":"d","ct":"RESUB_DELTA"`)) // asked again over the same connection: nothing has changed
	k.expect("nothing", nil)
}

func TestOtherClocksRestoreNothing(t *testing.T) {
	k := twoMarkets(t)
	k.note(frames.Gap)
	k.conn = 2
	k.out(subscribe(5, `,"initialClk":"i","clk":"x"`))
	k.in(mcm(5, `,"clk":"d","ct":"RESUB_DELTA","mc":[`+part("1.1", `{"id":1,"ltp":2.5}`)+`]`))
	k.expect("a change without its image", []string{"1.1 gap"})
	k.in(mcm(5, `,"clk":"d","mc":[`+whole("1.1", 7)+`]`))
	k.expect("an image", []string{"1.1 live"}, odds.Open)
	k.in(mcm(5, `,"clk":"d","mc":[`+part("1.7", `{"id":1,"ltp":2.5}`)+`]`))
	if k.expect("an unknown market", []string{"1.7 gap"}); k.err == nil {
		t.Error("no error")
	}
}

func TestUnreadableMessagesLoseAll(t *testing.T) {
	k := twoMarkets(t)
	k.in(`{"op":"mcm","id":2,"mc":[{"id":`)
	k.expect("unreadable", []string{"1.1 gap", "1.2 gap"}, odds.Unknown, odds.Unknown)
	k.in(mcm(2, `,"mc":[`+part("1.1", `{"id":1,"ltp":2.5}`)+`]`)).expect("a change of what is lost", nil)
	k.note(frames.Gap)
	k.conn = 2
	k.out(subscribe(5, `,"initialClk":"i","clk":"c"`)).in(mcm(5, `,"ct":"RESUB_DELTA"`))
	k.expect("the clocks are of no use", nil)
	k.in(mcm(5, clocked+whole("1.1", 2)+`]`)).expect("an image", []string{"1.1 live"}, odds.Open)
}

func TestLateMessagesOfAnOldSubscription(t *testing.T) {
	k := twoMarkets(t)
	k.out(subscribe(3, "")).in(mcm(2, `,"mc":[`+part("1.1", `{"id":1,"ltp":900}`)+`]`))
	if k.expect("old", nil); len(k.told.Heard) != 0 {
		t.Error("heard", k.told.Heard)
	}
	k.in(mcm(3, `,"mc":[`+part("1.1", `{"id":1,"ltp":5}`)+`]`)).expect("new", nil, odds.Open)
}

func TestSegments(t *testing.T) {
	seg := func(kind, mc string) string {
		return mcm(2, `,"ct":"SUB_IMAGE","initialClk":"i","clk":"c","segmentType":"`+kind+`","mc":[`+mc+`]`)
	}
	k := begin(t)
	k.out(subscribe(2, ""))
	k.in(seg("SEG_START", whole("1.1", 2))).expect("start", nil)
	k.in(mcm(2, `,"ct":"HEARTBEAT"`)).expect("heartbeat", nil)
	k.in(seg("SEG", whole("1.2", 4))).expect("middle", nil)
	k.in(seg("SEG_END", whole("1.3", 4))).expect("end", []string{"1.1 live", "1.2 live", "1.3 live"}, odds.Open, odds.Open, odds.Open)
	k.in(seg("SEG", whole("1.1", 9)))
	if k.expect("no start", []string{"1.1 gap", "1.2 gap", "1.3 gap"}, odds.Unknown, odds.Unknown, odds.Unknown); k.err == nil {
		t.Error("no error")
	}
	k.in(seg("SEG_START", whole("1.1", 2))).in(seg("SEG_START", whole("1.1", 2)))
	if k.err == nil {
		t.Error("two starts: no error")
	}
	k.in(seg("SEG_START", whole("1.1", 2))).note(frames.Gap) // the rest never comes
	k.in(mcm(2, clocked+whole("1.1", 3)+`]`)).expect("an image", []string{"1.1 live"}, odds.Open)
}

func TestLateStreamsAreStale(t *testing.T) {
	k := twoMarkets(t)
	k.in(`{"op":"mcm","id":2,"status":503}`).expect("503", []string{"1.1 stale", "1.2 stale"}, odds.Unknown, odds.Unknown)
	k.in(`{"op":"mcm","id":2,"status":503}`).expect("503", nil)
	k.in(mcm(2, `,"status":503,"mc":[`+part("1.1", `{"id":1,"ltp":5}`)+`]`)).expect("a change meanwhile", nil)
	k.in(mcm(2, `,"ct":"HEARTBEAT"`)).expect("clear", live2, odds.Open, odds.Open)
	if p := k.told.Batches[0].Updates[0].Quotes[0].Price; p != 5 {
		t.Errorf("at %v", p)
	}
	k.conn = 2
	k.in(mcm(2, `,"status":503`)).expect("another connection", nil)
}

func TestSingleMarketsAreLost(t *testing.T) {
	k := twoMarkets(t)
	k.note(frames.Stale, "1.1").expect("one", nil, odds.Unknown)
	k.note(frames.Subscribed, "1.2").expect("asked for", nil)
	k.in(mcm(2, `,"mc":[`+part("1.1", `{"id":1,"ltp":5}`)+`,`+part("1.2", `{"id":1,"ltp":5}`)+`]`)).expect("a change", nil, odds.Open)
	k.in(mcm(2, `,"mc":[`+whole("1.1", 2)+`]`)).expect("an image", []string{"1.1 live"}, odds.Open)
}

// Lines of one market may come over several connections: those of the others stay.
func TestLinesAreLostAlone(t *testing.T) {
	line := func(id, kind string) string {
		return `{"id":"` + id + `","img":true,"marketDefinition":{"status":"OPEN","eventId":"9","eventTypeId":"1","marketType":"` + kind + `",` +
			`"runners":[{"id":1,"sortPriority":1},{"id":2,"sortPriority":2}]},"rc":[{"id":1,"ltp":2},{"id":2,"ltp":2}]}`
	}
	k := begin(t)
	k.in(mcm(2, clocked+line("1.1", "OVER_UNDER_25")+`]`))
	k.conn = 2
	k.in(mcm(2, clocked+line("1.2", "OVER_UNDER_35")+`]`)).note(frames.Gap)
	u := k.told.Batches[0].Updates
	if len(u) != 1 || u[0].Status != odds.Open || len(u[0].Quotes) != 2 || u[0].Quotes[0].Status != odds.Unknown || u[0].Quotes[0].Line != 3.5 {
		t.Errorf("%+v", u)
	}
	if k.in(mcm(2, clocked+line("1.2", "OVER_UNDER_35")+`]`)); k.told.Batches[0].Updates[0].Prices() != 2 {
		t.Errorf("%+v", k.told.Batches[0])
	}
}

func TestTheCatalogueNames(t *testing.T) {
	k := begin(t)
	k.frame(frames.In, Catalogue, `[{"marketId":"1.1","marketName":"Match Odds","marketStartTime":"2026-12-01T19:00:00.000Z","competition":{"id":"5","name":"English Premier League"},`+
		`"event":{"id":"9","name":"Leeds v Hull","countryCode":"GB"},"runners":[{"selectionId":1,"runnerName":"Leeds"},{"selectionId":2,"runnerName":"Hull City"},{"selectionId":58805,"runnerName":"The Draw"}]},null]`)
	k.in(mcm(2, `,"ct":"SUB_IMAGE","mc":[{"id":"1.1","marketDefinition":{"status":"OPEN","eventId":"9","eventTypeId":"1","marketType":"MATCH_ODDS","countryCode":"GB",`+
		`"runners":[{"id":1,"sortPriority":1},{"id":2,"sortPriority":2},{"id":58805,"sortPriority":3}]},"rc":[{"id":1,"ltp":2},{"id":2,"ltp":4},{"id":58805,"ltp":4}]}]`))
	u := k.told.Batches[0].Updates[0]
	if e := u.Event; e.Home != "Leeds" || e.Away != "Hull City" || e.League != "epl" || e.Sport != "soccer" {
		t.Errorf("%+v", e)
	}
	for i, want := range []odds.Side{odds.Home, odds.Away, odds.Draw} {
		if q := u.Quotes[i]; q.Side != want || q.Selection == "" || q.Selection[0] < 'A' {
			t.Errorf("%+v, want %v", q, want)
		}
	}
	if m, ok := k.d.Market("1.1"); !ok || m.Name != "h2h" || m.Venue != Source || m.Event != u.Event {
		t.Errorf("%+v", m)
	}
	if _, ok := k.d.Market("1.2"); ok {
		t.Error("a market that nobody named")
	}
	if k.frame(frames.In, Catalogue, `{`); k.err == nil {
		t.Error("no error")
	}
}

func TestWhatNobodyKnowsIsCounted(t *testing.T) {
	k := begin(t)
	k.in(`{"op":"xcm","id":2}`).in(`{"op":"connection","connectionId":"x"}`).in(`{"op":"status","id":1,"statusCode":"SUCCESS","connectionsAvailable":9}`)
	if len(k.told.Unknown) != 0 || k.err != nil {
		t.Error(k.told.Unknown, k.err)
	}
	k.in(mcm(2, `,"new":1,"mc":[{"id":"1.1","x":{},"marketDefinition":{"y":[],"betDelayModels":["DYNAMIC"],"eventId":"9","runners":[{"id":1,"z":1,"bsp":2}]},"rc":[{"id":1,"w":1,"spn":"NaN"}]}]`))
	want := []string{"member message.new", "member change.x", "member definition.y", "member runner.z", "member runner change.w"}
	if !slices.Equal(k.told.Unknown, want) || k.err != nil {
		t.Errorf("%v (%v), want %v", k.told.Unknown, k.err, want)
	}
	if k.in(`{"op":"` + strings.Repeat("x", 3000) + `"}`); k.err == nil {
		t.Error("no text is that long")
	}
}

func TestClosedMarketsAreForgotten(t *testing.T) {
	k := twoMarkets(t)
	k.in(mcm(2, `,"mc":[{"id":"1.1","marketDefinition":{"status":"CLOSED",`+two+`}}]`)).expect("closed", []string{"1.1 idle"}, odds.Closed)
	k.note(frames.Gap).expect("lost", nil, odds.Unknown)
	k.now += closedFor
	k.in(mcm(2, `,"ct":"HEARTBEAT"`))
	if _, ok := k.d.Market("1.1"); ok || len(k.d.s.events) != 1 || len(k.d.s.keys) != 1 || k.d.s.runners != 2 {
		t.Errorf("%d events, %d keys, %d runners are kept", len(k.d.s.events), len(k.d.s.keys), k.d.s.runners)
	}
	k.now += lostFor
	if k.in(mcm(2, `,"ct":"HEARTBEAT"`)); len(k.d.s.order)+len(k.d.s.markets)+len(k.d.s.events) != 0 {
		t.Error("a lost market is kept")
	}
	k.in(mcm(2, `,"mc":[{"id":"1.9","marketDefinition":{"status":"OPEN","bettingType":"LINE",`+two+`}}]`)).expect("points", []string{"1.9 idle"})
}

// Whatever is sent, what is kept has bounds.
func TestMemoryIsBounded(t *testing.T) {
	k := begin(t)
	var m runtime.MemStats
	for n := range 300 {
		var mc, listed []string
		for i := range 100 {
			id := fmt.Sprintf("1.%d", n*100+i)
			mc = append(mc, whole(id, 2))
			listed = append(listed, `{"marketId":"`+id+`"}`)
		}
		k.conn = n
		k.in(mcm(0, `,"mc":[`+strings.Join(mc, ",")+`]`)).frame(frames.In, Catalogue, "["+strings.Join(listed, ",")+"]")
		k.bs = nil
	}
	runtime.GC()
	runtime.ReadMemStats(&m)
	if len(k.d.s.order) != mostMarkets || len(k.d.conns) > mostConns || len(k.d.listed) > mostListed || m.HeapAlloc > 200<<20 {
		t.Errorf("%d markets, %d connections, %d listed, %d MB", len(k.d.s.order), len(k.d.conns), len(k.d.listed), m.HeapAlloc>>20)
	}
	var rc []string
	for i := range mostRunners + 1 {
		rc = append(rc, fmt.Sprintf(`{"id":%d,"ltp":2}`, i+10))
	}
	k.conn = 1
	k.in(mcm(0, `,"mc":[`+whole("1.1", 2)+`]`)).in(mcm(0, `,"mc":[`+part("1.1", strings.Join(rc, ","))+`]`))
	if k.d.s.runners > mostRunners || len(k.told.Unknown) == 0 {
		t.Errorf("%d runners, %v", k.d.s.runners, k.told.Unknown)
	}
}

// realFrames are messages as Betfair sent them, kept beside the repository.
func realFrames(tb testing.TB) map[string]string {
	dir := "../../../shared/data/betfair-stream-frames"
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") != "true" {
		return nil
	}
	out := map[string]string{}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			tb.Fatal(err)
		}
		if name, ok := strings.CutSuffix(strings.TrimPrefix(f.Name(), "streaming_"), ".json"); ok {
			out[name] = strings.TrimSpace(string(data))
		}
	}
	return out
}

func TestRealFrames(t *testing.T) {
	fs := realFrames(t)
	if fs == nil {
		t.Skip("no frames beside the repository")
	}
	k := begin(t)
	k.in(fs["connection"]).in(fs["status"])
	k.in(fs["mcm_SUB_IMAGE"]).expect("image", []string{"1.126235656 live"}, odds.Open)
	quotes := k.told.Batches[0].Quotes()
	k.in(fs["mcm_HEARTBEAT"]).expect("heartbeat", nil)
	k.in(fs["mcm_UPDATE_tv"]).expect("volume", nil)
	if k.in(fs["mcm_update"]); !slices.Equal(k.told.Heard, []string{"1.126235656"}) || quotes == 0 {
		t.Errorf("heard %v, %d quotes", k.told.Heard, quotes)
	}
	k.in(fs["503"]).expect("late", []string{"1.126235656 stale"}, odds.Unknown)
	k.in(fs["mcm_HEARTBEAT"]).expect("not late any more", []string{"1.126235656 live"}, odds.Open)
	k.in(fs["mcm_UPDATE_md"]).expect("a definition", []string{"1.128149474 live"}, odds.Suspended)
	k.in(fs["mcm_RESUB_DELTA"])
	if n := slices.Index(k.states(), "1.128076835 gap"); n < 0 || k.err == nil {
		t.Errorf("changes of markets that nobody has seen: %v (%v)", k.told.Changes, k.err)
	}
	k.in(fs["mcm_SUB_IMAGE_no_market_def"])
	if len(k.told.Heard) == 0 || len(k.told.Unknown) != 0 {
		t.Errorf("heard %v, unknown %v (%v)", k.told.Heard, k.told.Unknown, k.err)
	}
	if h, err := ReadHeader([]byte(fs["mcm_SUB_IMAGE"])); err != nil || h.ID != 2 || h.InitialClk != "ab34r43r" || h.Clk != "AAAAAAAA" || h.HeartbeatMs != 5000 || h.Type != "SUB_IMAGE" {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := ReadHeader([]byte(fs["503"])); err != nil || !h.Late {
		t.Errorf("%+v, %v", h, err)
	}
}

// FuzzFrame: whatever comes, the decoder goes on, tells valid batches and nothing of what is lost.
func FuzzFrame(f *testing.F) {
	for _, name := range []string{"connection", "status", "mcm_SUB_IMAGE", "mcm_HEARTBEAT", "mcm_update", "503", "mcm_UPDATE_md"} {
		f.Add(byte(0), realFrames(f)[name], byte(0), realFrames(f)["mcm_update"])
	}
	f.Add(byte(1), subscribe(5, `,"initialClk":"i","clk":"c"`), byte(0), mcm(5, `,"ct":"RESUB_DELTA","mc":[`+part("1.1", `{"id":1,"ltp":2.5}`)+`]`))
	f.Add(byte(2), `{"state":"gap"}`, byte(3), `[{"marketId":"1.1","runners":[{"selectionId":1,"runnerName":"x"}]}]`)
	f.Add(byte(0), mcm(2, `,"segmentType":"SEG_START","mc":[`+whole("1.1", 9)+`]`), byte(0), mcm(2, `,"segmentType":"SEG_END"`))
	f.Fuzz(func(t *testing.T, kind1 byte, one string, kind2 byte, two string) {
		k := twoMarkets(t)
		for _, x := range []struct {
			kind byte
			data string
		}{{kind1, one}, {kind2, two}, {kind1, one}} {
			switch x.kind % 4 {
			case 0:
				k.in(x.data)
			case 1:
				k.conn++
				k.out(x.data)
			case 2:
				k.frame(frames.Note, "", x.data)
			case 3:
				k.frame(frames.In, Catalogue, x.data)
			}
		}
		valid(t, k.bs)
		for k.conn = range 5 { // whatever there was, it ends
			k.note(frames.Gap)
		}
		for _, mk := range k.d.s.order {
			if mk.conn < 5 && mk.published() == odds.Open {
				t.Errorf("market %s is open after the end of its connection", mk.id)
			}
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	var fs []*frames.Frame
	for i, line := range strings.Split(strings.TrimSpace(string(recording(b, "1.200806927"))), "\n") {
		fs = append(fs, &frames.Frame{Recv: odds.Time(1_900_000_000_000 + int64(i)), Conn: 1, Kind: frames.In, Channel: Stream, Data: []byte(line)})
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		d := NewDecoder(Options{})
		for _, f := range fs {
			_, _ = d.Frame(f)
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
}
