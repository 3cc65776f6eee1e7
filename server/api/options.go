package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"corrgraph/catalog/contract"
	"corrgraph/feed/columns"
	"corrgraph/server/access"
	"corrgraph/server/backup"
	"corrgraph/server/guard"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
)

// Backups stores copies of the store.
type Backups interface {
	List() ([]backup.Backup, error)
	Status() backup.Status
	Make(ctx context.Context) (backup.Backup, error)
}

// Linker knows how bets of venues are related, and keeps what people say of them.
type Linker interface {
	Links(ctx context.Context, q contract.Query) (*contract.Page, error)
	DecideLink(ctx context.Context, actor, id string, v contract.Verdict) (contract.Link, error)
	WithdrawLink(ctx context.Context, actor, id string) error
	DecideName(ctx context.Context, actor string, n contract.Name) error
}

// Options of an API. The first block is required.
type Options struct {
	Service  *service.Service
	Limiter  *guard.Limiter  // of each client
	Governor *guard.Governor // of graphs, all clients together
	Adaptive *guard.Adaptive // of reads in flight
	Writes   *guard.Adaptive // of all others but ticks: requests waiting for a slow disk take no place from readers
	Memory   *guard.Memory
	Metrics  *telemetry.Metrics
	Tracing  *telemetry.Tracing
	Log      *slog.Logger
	Clock    func() time.Time // the true wall clock: it sets deadlines of connections

	Pressure *guard.Pressure // nil: no question is shed because ticks are late
	Full     func() bool     // whether ticks would be refused because too many wait; nil: never

	Backups Backups // nil: no backups
	Links   Linker  // nil: the service

	Version string // of the program, for the OpenAPI document

	// Body is the maximum size of a request's body, also after decompression. Zero
	// means 16 MiB.
	Body int64
	// Ticks is the maximum number of ticks in one request. Zero means 10,000.
	Ticks int
	// Maps are the column maps with which other tables than canonical ones can be sent, by name.
	Maps map[string]*columns.Map
	// WriteTimeout limits how long a client of a stream may take to receive what was
	// sent. Zero means 30 s.
	WriteTimeout time.Duration
	// Loopback says that the listener is on loopback: requests for another host are
	// then refused, since they come from a name rebound to this machine.
	Loopback bool
	// NoMetrics turns /metrics off.
	NoMetrics bool
	// Profiles serves /debug/pprof to admins.
	Profiles bool

	Settings Settings
}

// Settings can be changed while the API runs.
type Settings struct {
	// Tokens are the accepted tokens. Nil: none.
	Tokens *access.Tokens
	// Anonymous is the role of a request without a token. Zero: none.
	Anonymous access.Role
	// ClientRate is the rate of Limiter, for the header with the policy. Zero means
	// 1000.
	ClientRate float64
	// Heartbeat is the time between two heartbeats of a quiet stream. Zero means 15 s.
	Heartbeat time.Duration
	// Streams is the maximum number of streams. Zero means 1000.
	Streams int
}

func (o *Options) fill() error {
	if o.Service == nil || o.Limiter == nil || o.Governor == nil || o.Adaptive == nil || o.Writes == nil || o.Memory == nil ||
		o.Metrics == nil || o.Tracing == nil || o.Log == nil || o.Clock == nil {
		return errors.New("api: a required option is missing")
	}
	if o.Body < 0 || o.Ticks < 0 || o.WriteTimeout < 0 {
		return errors.New("api: a limit is negative")
	}
	if o.Links == nil {
		o.Links = o.Service
	}
	if o.Body == 0 {
		o.Body = 16 << 20
	}
	if o.Ticks == 0 {
		o.Ticks = 10_000
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 30 * time.Second
	}
	return nil
}

func (s Settings) filled() *Settings {
	if s.ClientRate <= 0 {
		s.ClientRate = 1000
	}
	if s.Heartbeat <= 0 {
		s.Heartbeat = 15 * time.Second
	}
	if s.Streams <= 0 {
		s.Streams = 1000
	}
	return &s
}
