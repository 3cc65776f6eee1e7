package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"corrgraph/answer"
	"corrgraph/catalog"
	"corrgraph/graph"
	"corrgraph/odds"
	"corrgraph/server/guard"
	"corrgraph/server/guard/fault"
	"corrgraph/server/ingest"
	"corrgraph/server/links"
	"corrgraph/server/live"
	"corrgraph/server/present"
	"corrgraph/server/review"
	"corrgraph/server/telemetry"
	"corrgraph/store"
)

// Live is the engine's side of the service. Each part serves the questions that
// need it.
type Live interface {
	Views
	Inspector
	Records
	Quoted
	Caller
	Hub() *live.Hub
}

// Store is the store's side of the service, while a client waits. Each part serves
// the questions that need it.
type Store interface {
	ExternalStore
	EventStore
	AuditStore
	CheckStore
	ReviewStore
	ProofStore
	LogStore
	links.Store
}

// Options of a Service. All but the last few are required.
type Options struct {
	Ingest      Ingester
	Live        Live
	Store       Store
	Condition   *store.Condition // what is known to be wrong with the store; may be nil
	Audit       *store.Auditor
	Metrics     *telemetry.Metrics
	Latency     *telemetry.Latency
	Tracing     *telemetry.Tracing
	Log         *slog.Logger
	Graphs      *guard.Pool
	Predictions *guard.Pool
	Memory      *guard.Memory
	Pressure    *guard.Pressure // nil: no question is shed because ticks are late
	Faults      *fault.Registry
	Restarts    func() (reasons, notes []string) // what is wrong with checkpoints and with batches that killed the service, and worth knowing; nil: nothing
	Facts       *catalog.Facts                   // by which names of teams are told; nil: none
	Desk        Desk                             // connections to venues; nil: there are none
	Clock       func() time.Time                 // time of answers and of the audit log
	Played      *present.Clock                   // of the recording that is played, by which ticks are accepted; nil: by Clock
	// Breakers configures the breakers of the layers and the store; name, clock and
	// callback are set here.
	Breakers guard.BreakerOptions
	// Deadline is how long a question may wait for the engine's loop. Zero means 1 s.
	Deadline time.Duration
	// Layers says how each layer is served.
	Layers [4]LayerMode
	// ErrorsOnly leaves successful operations out of the audit log.
	ErrorsOnly bool
	// Simulated marks the ticks as simulated; every health answer then says so.
	Simulated bool
	// Mode is reported as the way in which layers of a graph are built.
	Mode graph.Mode
}

// LayerMode says how a layer is served.
type LayerMode string

// The modes of a layer.
const (
	Hot     LayerMode = "hot"     // renewed with every publication
	Standby LayerMode = "standby" // renewed in idle time, served with its age
	Off     LayerMode = "off"
)

// Service answers questions. Its methods are safe for concurrent use.
type Service struct {
	o      Options
	layers [4]*layerGuard
	events EventStore
	search AuditStore
	checks CheckStore
	people ReviewStore
	proofs ProofStore
	ticks  LogStore
	links  *links.Keeper
	store  *guard.Breaker
	log    *guard.Breaker         // of the tick log
	faulty atomic.Pointer[string] // error of the store's last query; nil if it succeeded
	unfit  atomic.Pointer[string] // why the last ticks could not be logged; nil if they could
	audits store.AuditWatch
	// changes of breakers, in order, on their way to the audit log. When it is full
	// they are dropped and logged: breakers change once in seconds.
	changes chan store.AuditRow

	external          external
	kept              sync.Map // event id → *answers
	common, forecasts answers
	doubted           answers // doubtsOf, of a second
	reacted           reacted
	names             atomic.Pointer[namesOf]
	naming            sync.Mutex // held while names are renewed
	settings          atomic.Pointer[settings]
	reviews           atomic.Pointer[review.Book]
	loadedAt          time.Time // reviews; owned by Run
	ops               map[string]*telemetry.Operation
}

// settings can be changed while the service runs.
type settings struct {
	layers     [4]LayerMode
	errorsOnly bool
}

type namesOf struct {
	of    *live.EventRow // first row of the list that they were made from
	n     int
	names answer.Names
}

// The operations, as named in the audit log and the latency histograms.
const (
	OpGraph       = "GRAPH_BUILD"
	OpAnomalies   = "ANOMALY_DETECTION"
	OpArbitrage   = "ARBITRAGE"
	OpPropagation = "PROPAGATION"
	OpPredictions = "PREDICTIONS"
	OpIngest      = "INGEST"
	OpLeaders     = "LEADERS"
	OpReactions   = "REACTIONS"
	OpEdge        = "EDGE_INSPECTION"
	OpEvents      = "EVENTS"
	OpMoves       = "MOVES"
	OpScorecard   = "SCORECARD"
	OpAudit       = "AUDIT_SEARCH"
	OpReadiness   = "READINESS"
	OpFault       = "FAULT"
	OpStream      = "STREAM"
	OpFeeds       = "FEEDS"
	OpConnections = "CONNECTIONS"
	OpWatch       = "WATCH"
	OpProof       = "PROOF"
	OpReview      = "REVIEW"
)

// New returns a Service. It fails if the options of the breakers are invalid.
func New(o Options) (*Service, error) {
	if o.Mode == "" {
		o.Mode = graph.Inline
	}
	if o.Deadline == 0 {
		o.Deadline = time.Second
	}
	s := &Service{
		o: o, events: o.Store, search: o.Store, checks: o.Store, people: o.Store, proofs: o.Store, ticks: o.Store,
		external: external{store: o.Store}, forecasts: answers{Limit: 512}, ops: map[string]*telemetry.Operation{}, changes: make(chan store.AuditRow, 1024),
	}
	s.links = links.New(o.Store, o.Facts, s.quoted)
	s.Set(o.Layers, o.ErrorsOnly)
	for i, l := range odds.Layers {
		b, err := s.breaker(l.Key())
		if err != nil {
			return nil, err
		}
		s.layers[i] = &layerGuard{breaker: b}
	}
	for name, b := range map[string]**guard.Breaker{"store": &s.store, "tick log": &s.log} {
		var err error
		if *b, err = s.breaker(name); err != nil {
			return nil, err
		}
	}
	for _, op := range []string{
		OpGraph, "LAYER1", "LAYER2", "LAYER3", "LAYER4", OpAnomalies, OpArbitrage, OpPropagation, OpPredictions, OpIngest, OpLeaders, OpReactions, OpEdge,
		OpEvents, OpMoves, OpScorecard, OpAudit, OpReadiness,
	} {
		s.ops[op] = o.Latency.Operation(op)
	}
	return s, nil
}

// breaker makes the breaker of a layer or the store; its changes are audited and
// logged.
func (s *Service) breaker(name string) (*guard.Breaker, error) {
	o := s.o.Breakers
	o.Name = name
	o.IsFailure = func(err error) bool {
		for _, moment := range []error{context.Canceled, ingest.ErrRecovering, ingest.ErrStopped, ingest.ErrBusy, live.ErrStopped} {
			if errors.Is(err, moment) {
				return false
			}
		}
		return true
	}
	o.OnChange = func(c guard.Change) {
		detail, cause := c.From.String()+" → "+c.To.String(), ""
		if c.Cause != nil {
			cause = c.Cause.Error()
			detail += ": " + cause
		}
		row := store.AuditRow{At: s.now(), Operation: "CIRCUIT_" + upper(c.To.String()), Subject: c.Name, Status: "OK", Detail: detail, Actor: "service"}
		select { // under the breaker's lock: must not block
		case s.changes <- row:
		default:
			s.o.Log.Error("a change of a circuit breaker could not be written to the audit log", "target", c.Name, "change", detail)
		}
		s.o.Log.Warn("circuit breaker changed", "target", c.Name, "from", c.From.String(), "to", c.To.String(), "cause", cause)
	}
	return guard.NewBreaker(o)
}

// Set changes how layers are served and what is audited.
func (s *Service) Set(layers [4]LayerMode, errorsOnly bool) {
	for i := range layers {
		if layers[i] == "" {
			layers[i] = Hot
		}
	}
	s.settings.Store(&settings{layers, errorsOnly})
}

// Hub returns the hub with the messages for subscribers.
func (s *Service) Hub() *live.Hub { return s.o.Live.Hub() }

// State returns the newest state that the engine published.
func (s *Service) State() *live.State { return s.o.Live.State() }

// Names returns the names of all known events.
func (s *Service) Names() answer.Names {
	rows := s.o.Live.State().Events
	var first *live.EventRow
	if len(rows) > 0 {
		first = &rows[0]
	}
	was := s.names.Load()
	if was != nil && was.of == first && was.n == len(rows) {
		return was.names
	}
	// Renewing reads all events: one caller does it, the others use names a second
	// old.
	if was == nil {
		s.naming.Lock()
	} else if !s.naming.TryLock() {
		return was.names
	}
	defer s.naming.Unlock()
	events := make([]catalog.Event, len(rows))
	for i := range rows {
		events[i] = rows[i].Event
	}
	n := &namesOf{first, len(rows), answer.NamesOf(events)}
	s.names.Store(n)
	return n.names
}

func (s *Service) now() odds.Time { return odds.TimeOf(s.o.Clock()) }
