package readiness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corrgraph/server/access"
	"corrgraph/server/config"
	"corrgraph/server/instance"
)

// The clients of a scratch instance, by token.
const (
	adminName  = "gate-admin"
	viewerName = "gate-viewer"
)

// setup says how a scratch instance is made.
type setup struct {
	store string   // path of its store; empty: a new one
	empty bool     // a new store holds nothing, else the seed
	set   []string // keys that differ from the configuration, KEY=VALUE
}

// furnish makes the tokens of a site and the keys in which every scratch instance
// differs from the configuration that is judged, so that it touches nothing of the
// real one and can be broken on purpose.
func (l *lab) furnish(p *site) (err error) {
	file := filepath.Join(p.dir, "tokens")
	var lines strings.Builder
	issue := func(name string, role access.Role) (secret string) {
		t, secret, newErr := access.NewToken(name, role, time.Time{}, l.o.Clock())
		err = errors.Join(err, newErr)
		lines.WriteString(t.Line() + "\n")
		return secret
	}
	p.adminToken, p.viewerToken = issue(adminName, access.Admin), issue(viewerName, access.Viewer)
	for i := range loadClients {
		p.clients = append(p.clients, issue(fmt.Sprintf("gate-client-%d", i+1), access.Operator))
	}
	if err = errors.Join(err, os.WriteFile(file, []byte(lines.String()), 0o600)); err != nil {
		return fmt.Errorf("tokens of a scratch instance: %w", err)
	}
	p.set = []string{
		"server.listen=127.0.0.1:0", "server.tls.cert=", "server.tls.key=",
		"access.tokens_file=" + file, "store.path=" + p.store, "backup.folder=" + filepath.Join(p.dir, "backups"),
		"telemetry.tracing.endpoint=", "telemetry.log.level=error",
		"chaos.enabled=true", "chaos.schedule=[]",
	}
	return nil
}

// place makes a folder for a scratch instance with its store and settings.
func (l *lab) place(ctx context.Context, s setup) (p *site, err error) {
	l.n++
	p = &site{dir: filepath.Join(l.dir, fmt.Sprintf("scratch-%d", l.n)), store: s.store}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return nil, err
	}
	if p.store == "" {
		p.store = filepath.Join(p.dir, "scratch.db")
		if !s.empty {
			seed, err := l.seeded(ctx)
			if err != nil {
				return nil, fmt.Errorf("the seed of scratch stores: %w", err)
			}
			if err := copyStore(seed, p.store); err != nil {
				return nil, err
			}
		}
	}
	if err := l.furnish(p); err != nil {
		return nil, err
	}
	p.set = append(p.set, s.set...)
	return p, nil
}

// site is where a scratch instance lives.
type site struct {
	dir, store              string
	set                     []string
	adminToken, viewerToken string
	clients                 []string // tokens of operators, for load
}

// load is the configuration of a scratch instance.
func (l *lab) load(p *site) (*config.Config, error) {
	o := l.o.Config
	o.Set = append(append([]string(nil), o.Set...), p.set...)
	c, err := config.Load(o)
	if err != nil {
		return nil, notRun("the configuration of a scratch instance: %w", err)
	}
	return &c.Config, nil
}

// scratch is an instance in this process. stop must be called.
type scratch struct {
	*site
	cfg           *config.Config
	i             *instance.Instance
	url           string
	admin, viewer *caller
	cancel        context.CancelFunc
	ended         chan error
}

// start starts a scratch instance and waits until it is ready.
func (l *lab) start(ctx context.Context, s setup) (*scratch, error) {
	p, err := l.place(ctx, s)
	if err != nil {
		return nil, err
	}
	return l.startAt(ctx, p)
}

// startAt starts an instance at a site, which may have had one before.
func (l *lab) startAt(ctx context.Context, p *site) (*scratch, error) {
	cfg, err := l.load(p)
	if err != nil {
		return nil, err
	}
	i, err := instance.Open(ctx, cfg, instance.Options{})
	if err != nil {
		return nil, notRun("a scratch instance: %w", err)
	}
	x := &scratch{site: p, cfg: cfg, i: i, url: "http://" + i.Addr(), ended: make(chan error, 1)}
	x.admin, x.viewer = newCaller(x.url, p.adminToken), newCaller(x.url, p.viewerToken)
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	x.cancel = cancel
	go func() { x.ended <- i.Run(run) }()
	if _, err := x.admin.ready(ctx, startWithin); err != nil {
		return nil, errors.Join(notRun("a scratch instance did not get ready: %w", err), x.stop())
	}
	return x, nil
}

// startWithin is how long a scratch instance may take to read the seed back.
const startWithin = 60 * time.Second

// ready waits until the instance says that it is.
func (c *caller) ready(ctx context.Context, limit time.Duration) (took time.Duration, err error) {
	var last string
	took, ok, err := within(ctx, limit, func(ctx context.Context) (bool, error) {
		r, err := c.get(ctx, "/readyz")
		if err != nil {
			last = err.Error() // it does not listen yet
			return false, ctx.Err()
		}
		last = string(r.body)
		return r.status == http.StatusOK, nil
	})
	if err == nil && !ok {
		err = fmt.Errorf("not ready after %s: %s", took.Round(time.Second), last)
	}
	return took, err
}

// stop ends the instance and waits until everything is saved. It may be called
// again.
func (x *scratch) stop() error {
	x.admin.close()
	x.viewer.close()
	x.cancel()
	err, ok := <-x.ended
	if ok {
		close(x.ended)
	}
	return err
}

// fault breaks something; clear mends everything.
func (x *scratch) fault(ctx context.Context, f map[string]any) error {
	return x.admin.send(ctx, "/v1/faults", f, nil)
}

func (x *scratch) clear(ctx context.Context) error {
	r, err := x.admin.do(ctx, http.MethodDelete, "/v1/faults", "", nil)
	if err != nil {
		return err
	}
	return r.into("/v1/faults", nil)
}
