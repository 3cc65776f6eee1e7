package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"corrgraph/client"
	"corrgraph/server/config"
	"corrgraph/server/instance"
)

type serveCmd struct{ configFlags }

func (serveCmd) Help() string {
	return "Accept live ticks, keep the graph current, answer over HTTP:\n\n" +
		"    corrgraph serve --config config/staging/correlation-engine.yaml\n" +
		"    corrgraph serve --set store.path=desk.db --set server.listen=127.0.0.1:8080\n" +
		"    curl -s --data-binary @ticks.ndjson -H 'Content-Type: application/x-ndjson' http://127.0.0.1:8080/v1/ticks\n\n" +
		"Without a configuration it listens on loopback and accepts requests without tokens. SIGHUP reloads configuration, tokens and certificates; " +
		"Ctrl-C or SIGTERM finishes open requests, applies and saves accepted ticks, and exits." + codes
}

func (c *serveCmd) Run(ctx context.Context, a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return err
	}
	for {
		i, err := instance.Open(ctx, &cfg.Config, instance.Options{Log: a.stderr, Version: build(), TraceHeaders: traceHeaders(os.Getenv)})
		if err != nil {
			return err
		}
		err = c.serve(ctx, a, i, watchdog, cfg.Store.Path)
		if err == nil {
			return context.Cause(ctx) // it ends when told to
		}
		if !errors.Is(err, instance.ErrTurned) || ctx.Err() != nil {
			return err
		}
		i.Log().Warn("starting again from the tick log", "why", err.Error())
		cfg.Server.Listen = i.Addr() // the same one, if any port would do
	}
}

// serve runs an instance and tells the service manager how it is.
func (c *serveCmd) serve(ctx context.Context, a *app, i *instance.Instance, watchdog time.Duration, store string) error {
	hup := make(chan os.Signal, 1) // one pending signal is enough: a reload reads the newest file
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	fmt.Fprintf(a.stdout, "corrgraph is listening on %s, store %s\n", i.Addr(), store)
	tell(i.Log(), daemon.SdNotifyReady)
	watch, stop := ticker(watchdog / 2)
	defer stop()
	for {
		select {
		case <-watch:
			if i.Alive() { // otherwise systemd restarts the service
				tell(i.Log(), daemon.SdNotifyWatchdog)
			}
		case <-hup:
			tell(i.Log(), daemon.SdNotifyReloading+"\n"+daemon.SdNotifyMonotonicUsec())
			c.reload(i)
			tell(i.Log(), daemon.SdNotifyReady)
		case err := <-done:
			return err
		case <-ctx.Done():
			tell(i.Log(), daemon.SdNotifyStopping)
			return <-done
		}
	}
}

// ticker ticks every d; never if d is zero.
func ticker(d time.Duration) (ticks <-chan time.Time, stop func()) {
	if d <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(d)
	return t.C, t.Stop
}

// tell sends systemd a state (sd_notify); without systemd it does nothing.
func tell(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("the service manager could not be notified", "error", err.Error())
	}
}

// reload applies a changed configuration, or logs why it can't.
func (c *serveCmd) reload(i *instance.Instance) {
	next, err := c.read()
	if next != nil {
		for _, w := range next.Warnings {
			i.Log().Warn("configuration", "warning", w)
		}
	}
	var restart []string
	if err == nil {
		restart, err = i.Reload(&next.Config)
	}
	if err != nil {
		i.Log().Error("not reloaded", "error", err.Error())
		return
	}
	i.Log().Info("reloaded", "need_restart", restart)
}

// traceHeaders parses the standard variable (key=value, comma-separated,
// percent-encoded).
func traceHeaders(env func(string) string) map[string]string {
	out := map[string]string{}
	for _, pair := range strings.Split(env("OTEL_EXPORTER_OTLP_HEADERS"), ",") {
		k, v, ok := strings.Cut(pair, "=")
		if v, err := url.PathUnescape(strings.TrimSpace(v)); ok && err == nil {
			out[strings.TrimSpace(k)] = v
		}
	}
	return out
}

type healthcheckCmd struct{ configFlags }

func (healthcheckCmd) Help() string {
	return "Is the service on this machine healthy? For containers and scripts.\n\n    corrgraph healthcheck --config config/production/correlation-engine.yaml\n\n" +
		"It asks /healthz on loopback, at the configured port. Exit code 0: HEALTHY or DEGRADED; 4: FAILED; 1: no answer." + codes
}

func (c *healthcheckCmd) Run(ctx context.Context, a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	at, err := localURL(&cfg.Config)
	if err != nil {
		return err
	}
	// The certificate is for the public name, and this is the same machine.
	service, err := client.New(client.Options{URL: at, Timeout: 5 * time.Second, TLS: &tls.Config{InsecureSkipVerify: true}})
	if err != nil {
		return err
	}
	defer service.Close()
	r, err := service.Do(ctx, client.Request{Path: "/healthz"})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s\n", strings.TrimSpace(string(r.Body)))
	if r.Status != http.StatusOK {
		return notReady(fmt.Errorf("the service answered %d %s", r.Status, http.StatusText(r.Status)))
	}
	return nil
}

// localURL returns the address of a service with this configuration on its own
// machine.
func localURL(c *config.Config) (string, error) {
	host, port, err := net.SplitHostPort(c.Server.Listen)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if c.Server.TLS.Cert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}
