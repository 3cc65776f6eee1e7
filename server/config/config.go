package config

import "time"

// Config is the whole configuration of the service. A zero Config is not valid:
// start with [Default] or [Load]. A Config holds no pointers but Chaos.Schedule,
// which must not be modified; copy it freely.
//
// Tags: yaml is the key; default, min and max are texts in the key's own notation;
// enum lists the allowed words; doc is the reference; reload:"true" marks a key
// that SIGHUP changes in a running service, others need a restart.
type Config struct {
	Server     Server     `yaml:"server" doc:"Where the service listens, and limits of connections."`
	Access     Access     `yaml:"access" doc:"Who may do what."`
	Ingest     Ingest     `yaml:"ingest" doc:"How ticks are accepted. A tick is acknowledged once it is in the tick log."`
	Connect    Connect    `yaml:"connect" doc:"Venues that the service reads itself; see docs/FEEDS.md."`
	MyVenues   []MyVenue  `yaml:"my_venues" default:"[]" doc:"Venues at which you bet. Expected value, best price, value, paper bets and arbitrage use only these, within their limits. What is learnt, the forecasts, fair prices and the close use all venues. Empty: all of them, without limits. At most 1000."`
	Currencies Currencies `yaml:"currencies" doc:"Currencies of my_venues. Without a rate, an arbitrage across two currencies states stakes as shares only."`
	Engine     Engine     `yaml:"engine" doc:"How the graph is learned. Results depend on these keys: with a changed one, the same ticks give another graph."`
	Publish    Publish    `yaml:"publish" doc:"How often results are published."`
	Layers     Layers     `yaml:"layers" doc:"Which layers of the graph are served."`
	Limits     Limits     `yaml:"limits" doc:"Limits of clients and requests; beyond them requests are refused with 429 or 503."`
	Breakers   Breakers   `yaml:"breakers" doc:"Circuit breakers, one for each layer and one for the store."`
	Workers    Workers    `yaml:"workers" doc:"Separate worker pools for two kinds of requests, so that neither starves the other."`
	Store      Store      `yaml:"store" doc:"The SQLite store and its tick log."`
	Audit      Audit      `yaml:"audit" doc:"The record of every operation: who, what, outcome, latency."`
	Stream     Stream     `yaml:"stream" doc:"Server-sent events at /v1/stream."`
	Telemetry  Telemetry  `yaml:"telemetry" doc:"Logs, metrics, traces and profiles."`
	Backup     Backup     `yaml:"backup" doc:"Scheduled backups of the store."`
	Chaos      Chaos      `yaml:"chaos" doc:"Faults injected on purpose, to test that the service survives them."`
}

// Server configures the listener.
type Server struct {
	Listen            string       `yaml:"listen" default:"127.0.0.1:8080" doc:"Address and port. Beyond loopback it needs access.tokens_file, and server.tls or server.insecure_plaintext."`
	TLS               TLS          `yaml:"tls" doc:"Certificate and key in PEM files. Both or none."`
	InsecurePlaintext bool         `yaml:"insecure_plaintext" default:"false" doc:"Allow listening beyond loopback without TLS, as behind a proxy that terminates TLS on the same trusted network. Tokens then cross that network unencrypted."`
	Limits            ServerLimits `yaml:"limits" doc:"Limits of one connection and of all."`
}

// TLS names the files of the certificate.
type TLS struct {
	Cert string `yaml:"cert" reload:"true" doc:"Certificate chain, leaf first. SIGHUP reads the file again, even if its name is unchanged."`
	Key  string `yaml:"key" reload:"true" doc:"Private key of the certificate, readable only by the service."`
}

// ServerLimits limit connections.
type ServerLimits struct {
	Body               Size          `yaml:"body" default:"16MiB" min:"1KiB" max:"1GiB" doc:"Largest request body, after decompression."`
	Header             Size          `yaml:"header" default:"64KiB" min:"4KiB" max:"1MiB" doc:"Largest request header."`
	Read               time.Duration `yaml:"read" default:"30s" min:"100ms" max:"10m" doc:"Time to receive a whole request."`
	Write              time.Duration `yaml:"write" default:"30s" min:"100ms" max:"10m" doc:"Time to send an answer; a stream has this for each event."`
	Idle               time.Duration `yaml:"idle" default:"2m" min:"1s" max:"1h" doc:"How long a connection may wait for its next request."`
	Shutdown           time.Duration `yaml:"shutdown" default:"15s" min:"1s" max:"10m" doc:"Time that requests have to finish when the service is asked to stop."`
	Connections        int           `yaml:"connections" default:"4096" min:"1" max:"1000000" doc:"Maximum number of open connections. Further ones get nothing but health, from a reserve."`
	AddressConnections int           `yaml:"address_connections" default:"1024" min:"0" max:"1000000" doc:"Maximum number of open connections of one address (IPv6: of one /64 network), so that no client locks others out. 0: as many as of all, for a service that only a proxy reaches."`
	Reserve            int           `yaml:"reserve" default:"32" min:"0" max:"1024" doc:"Connections beyond these limits on which /healthz and /readyz are still served, for 5 s and a quarter of them to each address. Where they are taken, the newest takes the place of the oldest. 0: none; further connections are closed at once."`
}

// Access configures authentication.
type Access struct {
	TokensFile        string `yaml:"tokens_file" reload:"true" doc:"File of the hashed tokens and their roles. Empty: no tokens, which only a loopback listener allows. SIGHUP reads the file again, even if its name is unchanged."`
	AnonymousLoopback string `yaml:"anonymous_loopback" default:"operator" enum:"none,viewer,operator,admin" reload:"true" doc:"Role of a request without a token while the listener is on loopback and there is no access.tokens_file; otherwise a token is required. With operator, a first try on one's own machine needs no tokens: ticks can be sent and everything read. Operations that can harm others (chaos, profiles) still require admin."`
}

// Ingest configures the path of ticks into the engine.
type Ingest struct {
	MaxTicksPerRequest int           `yaml:"max_ticks_per_request" default:"10000" min:"1" max:"1000000" doc:"Maximum number of ticks in a request; more are refused with 413."`
	OutOfOrder         time.Duration `yaml:"out_of_order" default:"2s" min:"1ms" max:"10m" doc:"How much older than the newest tick of its source, in event time, a tick may be and still be put in order; older ones are rejected and counted. What is learnt is delayed by the same time."`
	Sources            []FeedSource  `yaml:"sources" default:"[]" doc:"Sources of which something else is known. What is learnt waits for each source as long as its ticks come after their event time: as stated here, or as it was measured in the last hour, up to 5m. What comes later still is shown, but not learnt from."`
	IdleFlush          time.Duration `yaml:"idle_flush" default:"1s" min:"10ms" max:"1m" doc:"Time after its last tick at which a recording that is sent has paused: then what is held back of it is applied."`
	FutureSkew         time.Duration `yaml:"future_skew" default:"2s" min:"1ms" max:"1h" doc:"How far event time may be ahead of the service's clock; a tick further ahead is rejected. One that is ahead waits until the clock has come to it."`
	DedupeWindow       int           `yaml:"dedupe_window" default:"2000000" min:"1000" max:"100000000" doc:"Number of newest market updates among which duplicates are recognised; each takes about 40 bytes."`
	Maps               string        `yaml:"maps" doc:"Folder of column maps (*.yaml): a table can be sent to /v1/ticks with the name of one, as the shipped ones can. Read at the start, at most 1000 files of 1 MiB. Empty: the shipped ones only."`
	Queue              int           `yaml:"queue" default:"1024" min:"1" max:"65536" doc:"Maximum number of requests whose ticks wait to be accepted, up to 9 s each. Further ones get 503 with Retry-After, and so do those that wait longer."`
}

// FeedSource is what is known of one source of ticks.
type FeedSource struct {
	Source     string        `yaml:"source" doc:"Name of the source, as in /v1/feeds."`
	OutOfOrder time.Duration `yaml:"out_of_order" default:"0" min:"0" max:"10m" doc:"ingest.out_of_order of this source. 0: that of all."`
	Delay      time.Duration `yaml:"delay" default:"0" min:"0" max:"5m" doc:"How long after its event time a tick comes at the latest. 0: as measured. To be stated for a source whose ticks do not say when they were received, and whose delay varies."`
}

// Connect configures connections to venues.
type Connect struct {
	Venues  []Connection `yaml:"venues" default:"[]" doc:"Venues to connect to. They are asked for what the keys below choose; what is not chosen by sport, league or event is everything the venue has, up to most."`
	Record  string       `yaml:"record" doc:"Folder for recordings of what venues send, frame by frame, a file a venue and start. The replay command reads them. Empty: nothing is recorded."`
	Secrets string       `yaml:"secrets" doc:"Folder whose files hold keys and passwords, one each, with the names of docs/FEEDS.md (kalshi_key_id). Empty: environment variables hold them (CORRGRAPH_SECRET_KALSHI_KEY_ID)."`
}

// Connection is one venue to connect to. Lists are separated by commas.
type Connection struct {
	Venue       string        `yaml:"venue" enum:"polymarket,kalshi,betfair,odds-api,stream" doc:"Which venue."`
	Sports      string        `yaml:"sports" doc:"Sports, as the venue calls them (docs/feeds)."`
	Leagues     string        `yaml:"leagues" doc:"Leagues, as the venue calls them."`
	Events      string        `yaml:"events" doc:"Single events, by the venue's ids."`
	IDs         string        `yaml:"ids" doc:"Single markets, by the venue's ids."`
	Markets     string        `yaml:"markets" doc:"Kinds of markets, as the venue calls them: h2h,totals at odds-api, MATCH_ODDS at betfair, series at kalshi (KXFED). odds-api: markets other than h2h, spreads, totals and outrights (player_points) are asked for event by event, at a price for each."`
	Regions     string        `yaml:"regions" doc:"odds-api: regions of bookmakers (us,uk,eu,au). Empty: eu. betfair: countries of events (GB,IE)."`
	Books       string        `yaml:"books" doc:"odds-api: single bookmakers in place of regions."`
	Most        int           `yaml:"most" default:"0" min:"0" max:"100000" doc:"How many markets are asked for at most. 0: the venue's default."`
	Every       time.Duration `yaml:"every" default:"0" min:"0" max:"1h" doc:"odds-api: time between two answers while an event is being played, until the venue does not list it any more. 0: none are asked for in play."`
	Credits     int           `yaml:"credits" default:"0" min:"0" max:"100000000" doc:"odds-api: credits that may be spent a day. 0: what is left of the month, by the day."`
	Interactive bool          `yaml:"interactive" default:"false" doc:"betfair: log in with user and password alone, without a certificate."`
	Map         string        `yaml:"map" doc:"stream: file that says what the messages mean (YAML)."`
	URL         string        `yaml:"url" doc:"Another address than the venue's own, for its test system or a proxy."`
}

// Engine configures learning.
type Engine struct {
	DecideEvery time.Duration `yaml:"decide_every" default:"1h" min:"1m" max:"7d" doc:"Event time between two decisions on which edges exist. Deciding more often repeats the test."`
	Seed        uint64        `yaml:"seed" default:"1" min:"1" doc:"Seed of the decoys."`
	Settle      time.Duration `yaml:"settle" default:"100ms" min:"1ms" max:"1m" doc:"Event time to wait for all legs of a market before its margin is removed."`
	Devig       string        `yaml:"devig" default:"multiplicative" enum:"multiplicative,additive,power,shin" doc:"How a bookmaker's margin is removed before prices are compared. A store keeps the method with which it was built: the service does not start on a store with another one. Displayed fair prices always use Shin's method."`
	Memory      time.Duration `yaml:"memory" default:"28d" min:"4d" max:"365d" doc:"Event time for which a move is evidence of who leads. It is forgotten by the quarter: verdicts rest on the last three quarters of it at least. An edge whose follower no longer answers forgets at once what is older than the change."`
	ForgetAfter time.Duration `yaml:"forget_after" default:"7d" min:"7d" max:"365d" doc:"Event time after its last quote for which the history of an event stays in memory. At least 7d, the window of layer 3."`
	KeepMoves   int           `yaml:"keep_moves" default:"1024" min:"64" max:"1000000" doc:"Moves remembered per series; each takes 24 bytes. Single pairs and the history of an edge are computed from them; families keep sums for engine.memory."`
	Commission  []Commission  `yaml:"commission" default:"[]" doc:"Commission that venues take on net winnings. Arbitrage and expected value count it. Bookmakers that are not listed take none: their margin is in the price. The fee of an exchange that is not listed is unknown, and no expected value is stated there."`
	PaperDelay  time.Duration `yaml:"paper_delay" default:"5s" min:"1ms" max:"1h" doc:"Time after a forecast at which its bet is placed in the paper ledger, at the first quote from then on."`
	Limits      EngineLimits  `yaml:"limits" doc:"What sources can make the engine hold. What comes first in the order of the ticks is kept; the rest is counted by reason, in /metrics and /healthz. A replay has the defaults."`
	Catalog     string        `yaml:"catalog" doc:"Catalogue (YAML) of clubs, cities and owners that adds to the built-in one."`
}

// MyVenue is a venue at which the operator bets.
type MyVenue struct {
	Venue      string  `yaml:"venue" doc:"Key of the venue, as in nodes: betfair_ex_uk."`
	Commission float64 `yaml:"commission" default:"0" min:"0" max:"0.5" doc:"Share of net winnings that it keeps: 0.05 is 5 %. 0: as engine.commission says, and without that none at a bookmaker and an unknown one at an exchange."`
	Currency   string  `yaml:"currency" doc:"Of stakes and sizes there, as ISO 4217 (GBP). Empty: currencies.base."`
	Stake      Stakes  `yaml:"stake" doc:"Stakes that it takes, in its currency. Of a lay both the backer's stake and the liability lie between them."`
	Odds       Odds    `yaml:"odds" doc:"Decimal odds at which you bet there; others are not takeable."`
}

// Stakes bound the stakes at a venue.
type Stakes struct {
	Min  float64 `yaml:"min" default:"0" min:"0" max:"1e+09" doc:"Smallest stake. 0: none."`
	Max  float64 `yaml:"max" default:"0" min:"0" max:"1e+09" doc:"Largest stake. 0: none."`
	Step float64 `yaml:"step" default:"0" min:"0" max:"1e+06" doc:"Stakes are multiples of it. 0: any."`
}

// Odds bound the odds at a venue.
type Odds struct {
	Min float64 `yaml:"min" default:"0" min:"0" max:"1000" doc:"Smallest odds. 0: none."`
	Max float64 `yaml:"max" default:"0" min:"0" max:"1000" doc:"Largest odds. 0: none."`
}

// Currencies say what money is worth, by the operator's own figures.
type Currencies struct {
	Base  string  `yaml:"base" doc:"Currency in which outlays across currencies are stated, as ISO 4217 (EUR)."`
	Rates []Rated `yaml:"rates" default:"[]" doc:"What other currencies are worth. They are not updated: results depend on them."`
}

// Rated is what one currency is worth.
type Rated struct {
	Currency string  `yaml:"currency" doc:"As ISO 4217 (GBP)."`
	Rate     float64 `yaml:"rate" min:"1e-09" max:"1e+09" doc:"What one unit of it is in currencies.base."`
}

// Commission is what one venue keeps of net winnings.
type Commission struct {
	Venue string  `yaml:"venue" doc:"Key of the venue, as in nodes: betfair_ex_uk."`
	Share float64 `yaml:"share" min:"0" max:"0.5" doc:"Share of net winnings: 0.05 is 5 %."`
}

// Commissions is the commission by venue.
func (c *Config) Commissions() map[string]float64 {
	out := map[string]float64{}
	for _, x := range c.Engine.Commission {
		out[x.Venue] = x.Share
	}
	for i := range c.MyVenues {
		if v := &c.MyVenues[i]; v.Commission > 0 {
			out[v.Venue] = v.Commission
		}
	}
	return out
}

// EngineLimits bound what sources can make the engine hold: see engine.Limits, whose
// defaults these are.
type EngineLimits struct {
	Events     int `yaml:"events" default:"50000" min:"10" max:"10000000" doc:"Events in memory; quotes of further ones are refused."`
	Markets    int `yaml:"markets" default:"1000" min:"1" max:"100000" doc:"Markets of an event, each alternate line one; quotes of further ones are refused."`
	Selections int `yaml:"selections" default:"500" min:"2" max:"10000" doc:"Outcomes of a market; an update with further ones is refused."`
	Venues     int `yaml:"venues" default:"100" min:"1" max:"1000" doc:"Venues of a market; quotes of further ones are refused."`
	Prices     int `yaml:"prices" default:"20000" min:"2" max:"10000000" doc:"Prices held of an event: outcomes times venues, over all its markets. An update that needs more is refused."`
	AllPrices  int `yaml:"all_prices" default:"2000000" min:"100" max:"100000000" doc:"Prices held of all events."`
	VenueNames int `yaml:"venue_names" default:"2000" min:"1" max:"100000" doc:"Names of venues in all; quotes of further ones are refused."`
	Sources    int `yaml:"sources" default:"1000" min:"1" max:"100000" doc:"Sources in all; quotes of further ones are refused."`
	Paired     int `yaml:"paired" default:"16" min:"2" max:"256" doc:"Venues of a market that are paired with each other in layer 1: the first, then the busiest."`
	Related    int `yaml:"related" default:"24" min:"2" max:"256" doc:"Markets of an event that are paired with each other in layer 2: the first."`
	Pairs      int `yaml:"pairs" default:"20000" min:"1" max:"10000000" doc:"Pairs watched of an event; further ones are counted as left out."`
	AllPairs   int `yaml:"all_pairs" default:"500000" min:"1" max:"100000000" doc:"Pairs watched of all events."`
	Families   int `yaml:"families" default:"16384" min:"64" max:"1000000" doc:"Families of a layer, each with evidence of at most about 80 KiB. If four times as many would not fit into limits.memory_ceiling, the limit is lower."`
}

// Publish configures publication to readers.
type Publish struct {
	Every time.Duration `yaml:"every" default:"250ms" min:"10ms" max:"1m" doc:"Time between two published snapshots while ticks arrive."`
}

// Layers are the modes of the four layers.
type Layers struct {
	L1 string `yaml:"l1" default:"hot" enum:"hot,off" reload:"true" doc:"Direct: one selection at two venues."`
	L2 string `yaml:"l2" default:"hot" enum:"hot,off" reload:"true" doc:"Cross-market: markets of one event."`
	L3 string `yaml:"l3" default:"hot" enum:"hot,off" reload:"true" doc:"Cross-event: events of one sport that share a team or player."`
	L4 string `yaml:"l4" default:"hot" enum:"hot,standby,off" reload:"true" doc:"Cross-sport: events of different sports that share a city, venue, owner or person. On standby it is updated in idle time and served with its age."`
}
