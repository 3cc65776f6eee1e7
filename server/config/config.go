package config

import "time"

// Config is everything an operator can set. The zero Config is not valid: start
// from [Default] or [Load]. Its only reference is Chaos.Schedule, which nobody
// modifies, so copy it freely.
//
// Tags: yaml is the key; default, min and max are in the key's own notation; enum
// lists the allowed words; doc is the text of the reference page. A running service
// reloads a key with reload:"true" on SIGHUP; any other needs a restart.
type Config struct {
	Server    Server    `yaml:"server" doc:"Where the service listens, and the limits on connections."`
	Access    Access    `yaml:"access" doc:"Who may do what."`
	Ingest    Ingest    `yaml:"ingest" doc:"How ticks are accepted. A tick is acknowledged once it is in the tick log."`
	Engine    Engine    `yaml:"engine" doc:"How the graph is learned. These keys are part of a result: change one, and the same ticks give another graph."`
	Publish   Publish   `yaml:"publish" doc:"When readers see what was learned."`
	Layers    Layers    `yaml:"layers" doc:"Which layers of the graph are served."`
	Limits    Limits    `yaml:"limits" doc:"Limits on clients and requests; beyond them requests are refused with 429 or 503."`
	Breakers  Breakers  `yaml:"breakers" doc:"Circuit breakers, one for each layer and one for the store."`
	Workers   Workers   `yaml:"workers" doc:"Separate worker pools for requests, so that neither kind starves the other."`
	Store     Store     `yaml:"store" doc:"The SQLite store and its tick log."`
	Audit     Audit     `yaml:"audit" doc:"The record of every operation: who, what, outcome, latency."`
	Stream    Stream    `yaml:"stream" doc:"Server-sent events at /v1/stream."`
	Telemetry Telemetry `yaml:"telemetry" doc:"Logs, metrics, traces and profiles."`
	Backup    Backup    `yaml:"backup" doc:"Scheduled copies of the store."`
	Chaos     Chaos     `yaml:"chaos" doc:"Deliberate faults, to prove that the service survives them."`
}

// Server is the listener.
type Server struct {
	Listen            string       `yaml:"listen" default:"127.0.0.1:8080" doc:"Address and port. Beyond loopback it needs access.tokens_file, and server.tls or server.insecure_plaintext."`
	TLS               TLS          `yaml:"tls" doc:"Certificate and key in PEM files. Both or none."`
	InsecurePlaintext bool         `yaml:"insecure_plaintext" default:"false" doc:"Allow to listen beyond loopback without TLS, as behind a proxy that ends TLS on the same trusted network. Tokens then cross that network readable."`
	Limits            ServerLimits `yaml:"limits" doc:"Bounds on one connection and on all."`
}

// TLS names the files of the certificate.
type TLS struct {
	Cert string `yaml:"cert" reload:"true" doc:"Certificate chain, leaf first. SIGHUP reads the file again, also under an unchanged name."`
	Key  string `yaml:"key" reload:"true" doc:"Private key of the certificate, readable by the service alone."`
}

// ServerLimits bound connections.
type ServerLimits struct {
	Body        Size          `yaml:"body" default:"16MiB" min:"1KiB" max:"1GiB" doc:"Largest request body, after decompression."`
	Header      Size          `yaml:"header" default:"64KiB" min:"4KiB" max:"1MiB" doc:"Largest request header."`
	Read        time.Duration `yaml:"read" default:"30s" min:"100ms" max:"10m" doc:"Time to receive a whole request."`
	Write       time.Duration `yaml:"write" default:"30s" min:"100ms" max:"10m" doc:"Time to send an answer; a stream has this for each event."`
	Idle        time.Duration `yaml:"idle" default:"2m" min:"1s" max:"1h" doc:"How long a connection may wait for its next request."`
	Shutdown    time.Duration `yaml:"shutdown" default:"15s" min:"1s" max:"10m" doc:"Time that requests have to finish when the service is asked to stop."`
	Connections int           `yaml:"connections" default:"4096" min:"1" max:"1000000" doc:"Open connections; further ones wait unaccepted in the kernel's queue."`
}

// Access is authentication.
type Access struct {
	TokensFile        string `yaml:"tokens_file" reload:"true" doc:"File of the hashed tokens and their roles. Empty: no tokens, which only a loopback listener allows. SIGHUP reads the file again, also under an unchanged name."`
	AnonymousLoopback string `yaml:"anonymous_loopback" default:"operator" enum:"none,viewer,operator,admin" reload:"true" doc:"Role of a request without a token while the listener is on loopback and there is no access.tokens_file; in any other case a token is needed. With operator the first minute on one's own machine needs no tokens: ticks can be sent and everything read. What can harm others (chaos, profiles) stays with admin."`
}

// Ingest is the way of ticks into the engine.
type Ingest struct {
	MaxTicksPerRequest int           `yaml:"max_ticks_per_request" default:"10000" min:"1" max:"1000000" doc:"Ticks in one request; more is refused with 413."`
	OutOfOrder         time.Duration `yaml:"out_of_order" default:"2s" min:"1ms" max:"10m" doc:"How far in event time a tick may come behind the newest and still be sorted in; a later one is rejected and counted. It delays the graph by as much."`
	IdleFlush          time.Duration `yaml:"idle_flush" default:"1s" min:"10ms" max:"1m" doc:"How long no tick has to come before those held back for sorting are applied."`
	FutureSkew         time.Duration `yaml:"future_skew" default:"2s" min:"1ms" max:"1h" doc:"How far event time may be ahead of the service's clock; a tick further ahead is rejected. Beyond out_of_order, one venue's clock ahead would make the others' ticks late."`
	DedupeWindow       int           `yaml:"dedupe_window" default:"2000000" min:"1000" max:"100000000" doc:"Newest market updates among which a repeated one is known and counted as duplicate; each takes about 40 bytes."`
	Queue              int           `yaml:"queue" default:"64" min:"1" max:"65536" doc:"Requests whose ticks wait for the engine. When it is full, ingest answers 503 with Retry-After."`
}

// Engine is what is learned and how.
type Engine struct {
	DecideEvery time.Duration `yaml:"decide_every" default:"1h" min:"1m" max:"7d" doc:"Event time between two decisions which edges exist. Looking more often repeats the test."`
	Seed        uint64        `yaml:"seed" default:"1" min:"1" doc:"Seed of the decoys."`
	Settle      time.Duration `yaml:"settle" default:"100ms" min:"1ms" max:"1m" doc:"Event time for which the legs of one market are waited for before its margin is removed."`
	Devig       string        `yaml:"devig" default:"multiplicative" enum:"multiplicative,additive,power,shin" doc:"How a bookmaker's margin is removed before prices are compared. A store keeps the method that it was built with: the service does not start on a store of another one. Fair prices shown to people are Shin's in any case."`
	ForgetAfter time.Duration `yaml:"forget_after" default:"7d" min:"7d" max:"365d" doc:"Event time after its last quote for which the history of an event stays in memory. Not below 7d, which layer 3 looks back."`
	KeepMoves   int           `yaml:"keep_moves" default:"1024" min:"64" max:"1000000" doc:"Moves of each series that are remembered; each takes 24 bytes. Single pairs and the history of an edge are read from them; families keep their sums for ever."`
	Catalog     string        `yaml:"catalog" doc:"Catalogue (YAML) of clubs, cities and owners on top of the built-in one."`
}

// Publish is the handover to readers.
type Publish struct {
	Every time.Duration `yaml:"every" default:"250ms" min:"10ms" max:"1m" doc:"Time between two snapshots that readers see, while ticks come."`
}

// Layers are the states of the four layers.
type Layers struct {
	L1 string `yaml:"l1" default:"hot" enum:"hot,off" reload:"true" doc:"Direct: one selection at two venues."`
	L2 string `yaml:"l2" default:"hot" enum:"hot,off" reload:"true" doc:"Cross-market: markets of one event."`
	L3 string `yaml:"l3" default:"hot" enum:"hot,off" reload:"true" doc:"Cross-event: events of one sport that share a team or player."`
	L4 string `yaml:"l4" default:"hot" enum:"hot,standby,off" reload:"true" doc:"Cross-sport: events of different sports that share a city, venue, owner or person. On standby it is updated in idle time and served with its age."`
}
