package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/server/access"
	"corrgraph/server/config"
)

// The clients of a scratch instance, by token.
const (
	AdminName  = "gate-admin"
	ViewerName = "gate-viewer"
)

// Setup says how to make a scratch instance.
type Setup struct {
	Empty bool     // an empty store, else the seed
	Set   []string // keys that differ from the configuration, KEY=VALUE
}

// furnish makes the tokens of a site, and the keys in which every scratch instance
// differs from the judged configuration: so that it touches nothing of the real one
// and can be broken on purpose.
func (l *Lab) furnish(p *Site) (err error) {
	file := filepath.Join(p.Dir, "tokens")
	var lines strings.Builder
	issue := func(name string, role access.Role) (secret string) {
		t, secret, newErr := access.NewToken(name, role, time.Time{}, l.o.Clock())
		err = errors.Join(err, newErr)
		lines.WriteString(t.Line() + "\n")
		return secret
	}
	p.AdminToken, p.ViewerToken = issue(AdminName, access.Admin), issue(ViewerName, access.Viewer)
	for i := range Clients {
		p.Clients = append(p.Clients, issue(fmt.Sprintf("gate-client-%d", i+1), access.Operator))
	}
	if err = errors.Join(err, os.WriteFile(file, []byte(lines.String()), 0o600)); err != nil {
		return fmt.Errorf("tokens of a scratch instance: %w", err)
	}
	p.Set = []string{
		"server.listen=127.0.0.1:0", "server.tls.cert=", "server.tls.key=",
		"access.tokens_file=" + file, "store.path=" + p.Store, "backup.folder=" + filepath.Join(p.Dir, "backups"),
		"telemetry.tracing.endpoint=", "telemetry.log.level=error",
		"chaos.enabled=true", "chaos.schedule=[]",
	}
	return nil
}

// Place makes a folder for a scratch instance, with its store and settings.
func (l *Lab) Place(ctx context.Context, s Setup) (p *Site, err error) {
	l.n++
	p = &Site{Dir: filepath.Join(l.dir, fmt.Sprintf("scratch-%d", l.n))}
	if err := os.Mkdir(p.Dir, 0o700); err != nil {
		return nil, err
	}
	p.Store = filepath.Join(p.Dir, "scratch.db")
	if !s.Empty {
		seed, err := l.seeded(ctx)
		if err != nil {
			return nil, fmt.Errorf("the seed of scratch stores: %w", err)
		}
		if err := copyStore(seed, p.Store); err != nil {
			return nil, err
		}
	}
	if err := l.furnish(p); err != nil {
		return nil, err
	}
	p.Set = append(p.Set, s.Set...)
	return p, nil
}

// Site is the place of a scratch instance.
type Site struct {
	Dir, Store              string   // folder, and path of the store in it
	Set                     []string // keys that differ from the configuration
	AdminToken, ViewerToken string
	Clients                 []string // tokens of operators, for load
}

// Load returns the configuration of a scratch instance.
func (l *Lab) Load(p *Site) (*config.Config, error) {
	o := l.o.Config
	o.Set = append(append([]string(nil), o.Set...), p.Set...)
	c, err := config.Load(o)
	if err != nil {
		return nil, NotRun("the configuration of a scratch instance: %w", err)
	}
	return &c.Config, nil
}

// Scratch is an instance in this process. Stop must be called.
type Scratch struct {
	*Site
	Config        *config.Config
	Instance      Instance
	URL           string
	Admin, Viewer *client.Client
	cancel        context.CancelFunc
	ended         chan error
}

// Start starts a scratch instance and waits until it is ready.
func (l *Lab) Start(ctx context.Context, s Setup) (*Scratch, error) {
	p, err := l.Place(ctx, s)
	if err != nil {
		return nil, err
	}
	return l.StartAt(ctx, p)
}

// StartAt starts an instance at a site, which may be reused.
func (l *Lab) StartAt(ctx context.Context, p *Site) (*Scratch, error) {
	cfg, err := l.Load(p)
	if err != nil {
		return nil, err
	}
	i, err := l.o.Open(ctx, cfg)
	if err != nil {
		return nil, NotRun("a scratch instance: %w", err)
	}
	x := &Scratch{Site: p, Config: cfg, Instance: i, URL: "http://" + i.Addr(), ended: make(chan error, 1)}
	if x.Admin, err = NewClient(x.URL, p.AdminToken); err != nil {
		return nil, NotRun("a client of a scratch instance: %w", err)
	}
	x.Viewer = x.Admin.As(p.ViewerToken)
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	x.cancel = cancel
	go func() { x.ended <- i.Run(run) }()
	if _, err := ready(ctx, x.Admin, StartWithin); err != nil {
		return nil, errors.Join(NotRun("a scratch instance did not become ready: %w", err), x.Stop())
	}
	return x, nil
}

// Clients is how many operators have a token at each site.
const Clients = 8

// StartWithin is how long a scratch instance may take to read the seed back.
const StartWithin = 2 * time.Minute

// Stop ends the instance and waits until everything is saved. Repeated calls do
// nothing.
func (x *Scratch) Stop() error {
	x.Admin.Close()
	x.cancel()
	err, ok := <-x.ended
	if ok {
		close(x.ended)
	}
	return err
}
