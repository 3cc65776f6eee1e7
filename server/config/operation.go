package config

import "time"

// Limits limit the cost of clients and requests.
type Limits struct {
	ClientRate    Rate          `yaml:"client_rate" default:"1000/s" min:"1/h" max:"1000000/s" reload:"true" doc:"Sustained rate of requests per client (token, or address without one)."`
	ClientBurst   int           `yaml:"client_burst" default:"1000" min:"1" max:"1000000" reload:"true" doc:"Requests that a client may send at once after a pause."`
	GraphRate     Rate          `yaml:"graph_rate" default:"0" min:"0" max:"1000000/s" reload:"true" doc:"Graph requests of all clients together, a whole number per second. 0: no limit."`
	MemoryCeiling Size          `yaml:"memory_ceiling" default:"4GB" min:"64MiB" max:"16TiB" doc:"Memory limit of the process. Near it load is shed in this order: streams, predictions, layer 4, ingest."`
	QueryDeadline time.Duration `yaml:"query_deadline" default:"50ms" min:"1ms" max:"50ms" doc:"Time after which a statement that serves a request is interrupted."`
	SlowQuery     time.Duration `yaml:"slow_query" default:"25ms" min:"0" max:"50ms" doc:"Statements that take longer are logged. 0: none."`
	BatchTimeout  time.Duration `yaml:"batch_timeout" default:"1m" min:"0" max:"1h" doc:"Time after which a batch of ticks that is still being applied is put into quarantine, and the process ended: the next start goes on without it. 0: never."`
	TicksLate     time.Duration `yaml:"ticks_late" default:"100ms" min:"0" max:"1m" doc:"How long ticks may wait for the processor before costly questions are refused; two and a half times as long, before all are. 0: none are refused for that."`
	Concurrency   Concurrency   `yaml:"concurrency" doc:"Concurrent reads, and separately as many other requests, which wait for the disk. The limit adapts to latency below an absolute bound. Ticks have ingest.queue instead."`
}

// Concurrency configures the adaptive limit.
type Concurrency struct {
	Max     int           `yaml:"max" default:"1024" min:"1" max:"100000" doc:"Maximum number of concurrent requests, whatever their latency."`
	Latency time.Duration `yaml:"latency" default:"250ms" min:"1ms" max:"1m" doc:"Latency above which the limit is lowered, whatever its adapted baseline."`
}

// Breakers configures the circuit breakers.
type Breakers struct {
	Failures int           `yaml:"failures" default:"5" min:"1" max:"1000" doc:"Failures within breakers.period that open a breaker. Invalid requests do not count."`
	Period   time.Duration `yaml:"period" default:"1m" min:"1s" max:"1h" doc:"Time over which failures are counted."`
	Delay    time.Duration `yaml:"delay" default:"5s" min:"100ms" max:"10m" doc:"Time from opening to the first trial request."`
}

// Workers configures the worker pools.
type Workers struct {
	Graphs      int `yaml:"graphs" default:"0" min:"0" max:"1024" doc:"Workers for graphs and anomalies. 0: one for each core."`
	Predictions int `yaml:"predictions" default:"4" min:"1" max:"1024" doc:"Workers for propagation and predictions."`
}

// Store configures the database.
type Store struct {
	Path            string        `yaml:"path" default:"corrgraph.db" doc:"SQLite file; it is created or upgraded when the service starts."`
	Readers         int           `yaml:"readers" default:"4" min:"1" max:"64" doc:"Reading connections. There is one writer."`
	LogRetention    time.Duration `yaml:"log_retention" default:"7d" min:"1h" max:"3650d" reload:"true" doc:"How long ticks stay in the tick log. A graph can be learned again from them; layer 3 looks back 7d."`
	CheckpointEvery int           `yaml:"checkpoint_every" default:"500000" min:"0" max:"1000000000" doc:"Quotes after which the state is saved beside the store, in a folder named as the store with .checkpoints, so that a start need not read the tick log from the beginning. It is saved when the service stops, too. 0: it never is."`
	CompareEvery    time.Duration `yaml:"compare_every" default:"6h" min:"0" max:"30d" doc:"Time after which the tick log is read once more from one checkpoint to the next, beside the service with a quarter of one processor, and what follows is compared with the next one. It takes the memory of a second state meanwhile, and waits while there is none. 0: never."`
	LogMaxBytes     Size          `yaml:"log_max_bytes" default:"0" min:"0" max:"1000TB" reload:"true" doc:"Size above which the oldest ticks are removed before log_retention. 0: no cap."`
}

// Audit configures the audit log.
type Audit struct {
	Level            string        `yaml:"level" default:"ALL" enum:"ALL,ERRORS" reload:"true" doc:"ALL: every operation. ERRORS: those that failed or were refused; the gate audit_complete then fails."`
	Keep             time.Duration `yaml:"keep" default:"7d" min:"1h" max:"3650d" doc:"How long entries are kept."`
	MaxRows          int64         `yaml:"max_rows" default:"0" min:"0" doc:"Number of entries above which the oldest are removed before audit.keep, with an alarm. 0: no cap."`
	MaxBytes         Size          `yaml:"max_bytes" default:"0" min:"0" max:"1000TB" doc:"Size of the log above which its oldest entries are removed before audit.keep, with an alarm. 0: no cap."`
	Queue            int           `yaml:"queue" default:"65536" min:"256" max:"10000000" doc:"Maximum number of entries waiting for the writer. When the queue is full, requests wait; no entry is dropped."`
	PerformanceEvery time.Duration `yaml:"performance_every" default:"1m" min:"1s" max:"1h" doc:"Time between two rows of audit_performance_metrics for each operation."`
}

// Stream configures the event stream.
type Stream struct {
	Ring       int           `yaml:"ring" default:"65536" min:"256" max:"16777216" doc:"Number of newest events kept for clients that reconnect; one that missed more gets a resync."`
	Heartbeat  time.Duration `yaml:"heartbeat" default:"15s" min:"1s" max:"5m" doc:"Time between two heartbeats of a quiet stream."`
	MaxClients int           `yaml:"max_clients" default:"1000" min:"1" max:"100000" doc:"Maximum number of concurrent streams; further ones are refused with 503."`
}

// Telemetry configures metrics, log and traces.
type Telemetry struct {
	Log     Log     `yaml:"log" doc:"The log on standard error."`
	Metrics bool    `yaml:"metrics" default:"true" doc:"Serve /metrics in the format of Prometheus."`
	Tracing Tracing `yaml:"tracing" doc:"OpenTelemetry traces, sent by OTLP over HTTP. Headers for the collector belong in OTEL_EXPORTER_OTLP_HEADERS."`
	Pprof   bool    `yaml:"pprof" default:"false" doc:"Serve /debug/pprof to the admin role."`
}

// Log configures the log.
type Log struct {
	Level  string `yaml:"level" default:"info" enum:"debug,info,warn,error" reload:"true" doc:"Lowest severity that is logged."`
	Format string `yaml:"format" default:"json" enum:"json,text" doc:"json: one object per line, with trace ids. text: for a terminal."`
}

// Tracing configures the export of traces.
type Tracing struct {
	Endpoint    string  `yaml:"endpoint" doc:"URL of the collector, like https://collector:4318. Empty: traces are not sent. It may not hold a user or password."`
	SampleRatio float64 `yaml:"sample_ratio" default:"0.01" min:"0" max:"1" doc:"Share of requests traced, if their caller did not decide."`
	Insecure    bool    `yaml:"insecure" default:"false" doc:"Allow an http:// endpoint beyond loopback."`
}

// Backup is the schedule of backups.
type Backup struct {
	Folder      string        `yaml:"folder" doc:"Folder of the backups. Empty: no scheduled backups."`
	Every       time.Duration `yaml:"every" default:"1h" min:"1m" max:"30d" doc:"Time between two backups."`
	Keep        Keep          `yaml:"keep" doc:"How many backups to keep: the newest of each hour, day and week."`
	VerifyEvery time.Duration `yaml:"verify_every" default:"1d" min:"1m" max:"365d" doc:"Time between two test restores of the newest backup into a scratch store; the age of the last one is a metric and a gate."`
}

// Keep is the rotation of backups.
type Keep struct {
	Hourly int `yaml:"hourly" default:"24" min:"1" max:"10000" doc:"Hourly backups to keep."`
	Daily  int `yaml:"daily" default:"7" min:"0" max:"10000" doc:"Daily backups to keep."`
	Weekly int `yaml:"weekly" default:"4" min:"0" max:"10000" doc:"Weekly backups to keep."`
}
