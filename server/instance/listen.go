package instance

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"corrgraph/server/access"
	"corrgraph/server/api"
	"corrgraph/server/backup"
	"corrgraph/server/config"
	"corrgraph/server/telemetry"
	"corrgraph/web"
)

// server is the listener and its handlers.
type server struct {
	i        *Instance
	api      *api.API
	listener net.Listener
	door     *door // the same
	http     *http.Server
	cert     atomic.Pointer[tls.Certificate] // nil without TLS
	grace    time.Duration
}

// backups implements api.Backups with a folder.
type backups struct {
	i *Instance
}

func (b backups) List() ([]backup.Backup, error) { return backup.List(b.i.config().Backup.Folder) }
func (b backups) Status() backup.Status          { return b.i.backups.Status() }
func (b backups) Make(ctx context.Context) (backup.Backup, error) {
	return b.i.backups.Make(ctx, b.i.store)
}

// listen opens the listener. Beyond loopback it requires tokens, and TLS unless the
// configuration explicitly waives it (see config.Validate).
func (i *Instance) listen() (*server, error) {
	c := &i.cfg
	s := &server{i: i, grace: c.Server.Limits.Shutdown}
	set, err := s.settings(c)
	if err != nil {
		return nil, err
	}
	o := api.Options{
		Service: i.service, Limiter: i.limiter, Governor: i.graphs, Adaptive: i.flight, Writes: i.writes, Memory: i.memory, Pressure: i.strain, Full: i.ingest.Full, Metrics: i.metrics, Tracing: i.tracing,
		Log: i.log, Clock: time.Now, Version: i.o.Version.Version, Body: int64(c.Server.Limits.Body), Ticks: c.Ingest.MaxTicksPerRequest,
		WriteTimeout: c.Server.Limits.Write, Loopback: c.Server.Loopback(), Profiles: c.Telemetry.Pprof, NoMetrics: !c.Telemetry.Metrics, Settings: set,
	}
	if o.Maps, err = columnMaps(c.Ingest.Maps); err != nil {
		return nil, err
	}
	if i.backups != nil {
		o.Backups = backups{i}
	}
	if s.api, err = api.New(o); err != nil {
		return nil, err
	}
	l := c.Server.Limits
	s.http = &http.Server{
		Handler: healthOnly(pages(s.api)), ConnContext: connContext, ReadTimeout: l.Read, ReadHeaderTimeout: min(l.Read, 10*time.Second), WriteTimeout: l.Write, IdleTimeout: l.Idle,
		MaxHeaderBytes: int(l.Header), ErrorLog: slog.NewLogLogger(i.log.Handler(), slog.LevelDebug),
	}
	if c.Server.TLS.Cert != "" {
		if err := s.certificate(c); err != nil {
			return nil, err
		}
		s.http.TLSConfig = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.cert.Load(), nil },
		}
	}
	inner, err := net.Listen("tcp", c.Server.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", c.Server.Listen, err)
	}
	address := l.AddressConnections
	if address == 0 {
		address = l.Connections
	}
	s.door = newDoor(inner, doorLimits{l.Connections, address, l.Reserve, 5 * time.Second})
	s.listener = s.door
	return s, nil
}

// pages serves the dashboard without a token: its pages hold no data, and query the
// API like any other client.
func pages(rest http.Handler) http.Handler {
	dashboard := web.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if (r.Method == http.MethodGet || r.Method == http.MethodHead) && web.Serves(r.URL.Path) {
			dashboard.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}

// settings returns the settings of the API that can change while it runs.
func (s *server) settings(c *config.Config) (api.Settings, error) {
	set := api.Settings{ClientRate: float64(c.Limits.ClientRate), Heartbeat: c.Stream.Heartbeat, Streams: c.Stream.MaxClients}
	if c.Access.TokensFile != "" {
		tokens, err := access.LoadTokens(c.Access.TokensFile)
		if err != nil {
			return set, err
		}
		if open := openToAll(c.Access.TokensFile); open != 0 { // hashes: they open no door, but need not be known
			s.i.log.Warn("everybody on this machine may read the tokens file", "file", c.Access.TokensFile, "mode", open.String(), "mend", "chmod o-rwx")
		}
		set.Tokens = tokens
		return set, nil
	}
	if c.Server.Loopback() && c.Access.AnonymousLoopback != "none" {
		role, err := access.ParseRole(c.Access.AnonymousLoopback)
		if err != nil {
			return set, err
		}
		set.Anonymous = role
	}
	return set, nil
}

func (s *server) certificate(c *config.Config) error {
	pair, err := tls.LoadX509KeyPair(c.Server.TLS.Cert, c.Server.TLS.Key)
	if err != nil {
		return fmt.Errorf("certificate %s: %w", c.Server.TLS.Cert, err)
	}
	if open := openToAll(c.Server.TLS.Key); open != 0 {
		return fmt.Errorf("server.tls.key: everybody on this machine may read %s (%v): chmod o-rwx", c.Server.TLS.Key, open)
	}
	s.cert.Store(&pair)
	return nil
}

// openToAll returns the permissions of a file that everybody may use; 0 for any other, and
// for none.
func openToAll(path string) fs.FileMode {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 {
		return info.Mode().Perm()
	}
	return 0
}

// reload reads tokens and certificate again, and replaces both or neither.
func (s *server) reload(c *config.Config) error {
	set, err := s.settings(c)
	if err != nil {
		return err
	}
	if c.Server.TLS.Cert != "" {
		if err := s.certificate(c); err != nil {
			return err
		}
	}
	s.api.Set(set)
	return nil
}

// stream returns the state of the streams.
func (s *server) stream() *telemetry.Stream {
	st := s.api.StreamStats()
	return &st
}

// run serves until ctx ends, then gives requests time to finish.
func (s *server) run(ctx context.Context) error {
	failed, secure := make(chan error, 1), s.http.TLSConfig != nil // Serve makes one of its own
	go func() {
		if secure {
			failed <- s.http.ServeTLS(s.listener, "", "")
			return
		}
		failed <- s.http.Serve(s.listener)
	}()
	s.i.log.Info("serving", "address", s.listener.Addr().String(), "tls", secure, "store", s.i.store.Path())
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	s.i.log.Info("stopping: waiting for requests to finish", "at_most", s.grace)
	s.api.Close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.grace)
	defer cancel()
	if err := s.http.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		return s.http.Close()
	} else if err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
