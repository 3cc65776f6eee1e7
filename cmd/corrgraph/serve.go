package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"corrgraph/client"
	"corrgraph/internal/notify"
	"corrgraph/server/config"
	"corrgraph/server/instance"
)

type serveCmd struct{ configFlags }

func (serveCmd) Help() string {
	return "Take live ticks, keep the graph current, answer over HTTP:\n\n" +
		"    corrgraph serve --config config/staging/correlation-engine.yaml\n" +
		"    corrgraph serve --set store.path=desk.db --set server.listen=127.0.0.1:8080\n" +
		"    curl -s --data-binary @ticks.ndjson -H 'Content-Type: application/x-ndjson' http://127.0.0.1:8080/v1/ticks\n\n" +
		"Without a configuration it listens on loopback and takes requests without tokens. SIGHUP reloads configuration, tokens and certificates; " +
		"Ctrl-C or SIGTERM finishes open requests, applies and saves accepted ticks, and exits." + codes
}

func (c *serveCmd) Run(ctx context.Context, a *app) (err error) {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	manager, err := notify.New(os.Getenv, os.Getpid())
	if err != nil {
		return err
	}
	i, err := instance.Open(ctx, &cfg.Config, instance.Options{Log: a.stderr, Version: build(), TraceHeaders: traceHeaders(os.Getenv)})
	if err != nil {
		return err
	}
	hup := make(chan os.Signal, 1) // one that waits is enough: it reads what is there by then
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	fmt.Fprintf(a.stdout, "corrgraph is listening on %s, store %s\n", i.Addr(), cfg.Store.Path)
	a.tell(manager.Ready())
	var watch <-chan time.Time
	if every := manager.Interval(); every > 0 {
		t := time.NewTicker(every)
		defer t.Stop()
		watch = t.C
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go func() { _ = manager.Watch(watching, watch, i.Alive, a.tell) }() // ends with watching
	for {
		select {
		case <-hup:
			a.tell(manager.Reloading())
			c.reload(a, i)
			a.tell(manager.Ready())
		case err := <-done:
			return err
		case <-ctx.Done():
			a.tell(manager.Stopping())
			return <-done
		}
	}
}

// tell logs what could not be said to the service manager.
func (a *app) tell(err error) {
	if err != nil {
		a.log("service manager: %v", err)
	}
}

// reload takes over a changed configuration, or says why it can't.
func (c *serveCmd) reload(a *app, i *instance.Instance) {
	next, err := c.load(a)
	if err == nil {
		var restart []string
		if restart, err = i.Reload(&next.Config); len(restart) > 0 {
			a.log("reloaded; these keys ask for a restart: %s", strings.Join(restart, ", "))
		} else if err == nil {
			a.log("reloaded")
		}
	}
	if err != nil {
		a.log("not reloaded: %v", err)
	}
}

// traceHeaders are what the standard variable says (key=value, comma-separated,
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
	// The certificate bears the public name, and this is the same machine.
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

// localURL is where a service with this configuration is to be reached on its machine.
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
