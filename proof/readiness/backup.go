package readiness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"corrgraph/client"
	"corrgraph/odds"
	"corrgraph/proof/readiness/keep"
	"corrgraph/proof/readiness/lab"
	"corrgraph/server/backup"
)

// restored is the result for a backup made under load.
type restored struct {
	acknowledged int // quotes acknowledged before the backup began
	sent         int // all quotes sent, including the seed
	held         int64
	resent       client.Receipt // of everything, after the restore
	original     int64          // quotes in the log of the original store
	copied       int64          // quotes in the log of the restored store, at the end
	reads        int            // of graphs during the backup
	failed       int
	took         time.Duration
	graphs       int // compared
	differ       []string
	bytes        int
	blind        bool // a backup with a damaged chunk was verified
}

func backupRestore(ctx context.Context, l *session) (f lab.Finding, err error) {
	x, err := l.Start(ctx, lab.Setup{Empty: true, Set: []string{"limits.graph_rate=0", "backup.every=30d", "backup.verify_every=30d"}})
	if err != nil {
		return f, err
	}
	defer x.Stop()
	all, err := lab.SeedBatches()
	if err != nil {
		return f, err
	}
	var r restored
	r.sent = lab.Count(all)
	path, err := r.make(ctx, x, all)
	if err != nil {
		return f, err
	}
	if err := x.Stop(); err != nil {
		return f, err
	}
	c, err := backup.Verify(ctx, path)
	if err != nil {
		return f, err
	}
	r.held = c.Quotes
	if r.blind, err = keep.VerifiesDamage(ctx, path, filepath.Join(x.Dir, "damaged.db")); err != nil {
		return f, err
	}
	p, err := l.Place(ctx, lab.Setup{Empty: true, Set: []string{"limits.graph_rate=0"}})
	if err != nil {
		return f, lab.NotRun("a scratch store: %w", err)
	}
	if _, _, err := backup.Restore(ctx, path, p.Store, l.Now()); err != nil {
		return f, err
	}
	if err := r.resend(ctx, l, p, all); err != nil {
		return f, err
	}
	if r.original, err = lab.Logged(ctx, x.Store); err != nil {
		return f, err
	}
	if r.copied, err = lab.Logged(ctx, p.Store); err != nil {
		return f, err
	}
	if err := r.compare(ctx, l, x.Site, p); err != nil {
		return f, err
	}
	return judgeRestore(&r), nil
}

// make sends everything, makes a backup half-way, and reads meanwhile.
func (r *restored) make(ctx context.Context, x *lab.Scratch, all []*odds.Batch) (path string, err error) {
	texts, err := lab.Bodies(all, r.sent/60)
	if err != nil {
		return "", err
	}
	type made struct {
		name string
		took time.Duration
		err  error
	}
	done := make(chan made, 1)
	acknowledged := 0
	begun := false
	for i, text := range texts {
		got, err := lab.Ticks(ctx, x.Admin, text)
		if err != nil {
			return "", err
		}
		acknowledged += got.Accepted
		if i == len(texts)/2 {
			begun, r.acknowledged = true, acknowledged
			go func() {
				start := time.Now()
				name, err := x.Admin.Backup(ctx)
				done <- made{name, time.Since(start), err}
			}()
		}
		if begun {
			g, err := lab.Get(ctx, x.Viewer, client.GraphPath(lab.SeedEvents[0]))
			r.reads++
			if err != nil || g.Status != http.StatusOK {
				r.failed++
			}
		}
	}
	select {
	case m := <-done:
		r.took = m.took
		return filepath.Join(x.Dir, "backups", m.name), m.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// resend starts a service on the restored store and sends everything again, as
// clients without an answer would.
func (r *restored) resend(ctx context.Context, l *session, p *lab.Site, all []*odds.Batch) error {
	y, err := l.StartAt(ctx, p)
	if err != nil {
		return err
	}
	texts, err := lab.Bodies(all, 4000)
	for _, text := range texts {
		if err != nil {
			break
		}
		var got client.Receipt
		got, err = lab.Ticks(ctx, y.Admin, text)
		r.resent.Accepted += got.Accepted
		r.resent.Duplicates += got.Duplicates
		r.resent.Rejected += got.Rejected
	}
	return errors.Join(err, y.Stop())
}

// versions matches counts of publications, which differ between runs; nothing else
// in an answer may.
func versions() *regexp.Regexp { return regexp.MustCompile(`"version":\d+`) }

// compare starts services on both stores and compares every graph.
func (r *restored) compare(ctx context.Context, l *session, a, b *lab.Site) error {
	v := versions()
	var got [2]map[string][]byte
	for i, p := range []*lab.Site{a, b} {
		x, err := l.StartAt(ctx, p)
		if err != nil {
			return err
		}
		got[i] = map[string][]byte{}
		for _, id := range lab.SeedEvents {
			a, err := x.Viewer.Patient(ctx, client.Request{Path: client.GraphPath(id)}, lab.GraphWait)
			if err == nil {
				err = a.Err()
			}
			if err != nil {
				return errors.Join(err, x.Stop())
			}
			got[i][id] = v.ReplaceAll(a.Body, []byte(`"version":0`))
		}
		if err := x.Stop(); err != nil {
			return err
		}
	}
	for _, id := range lab.SeedEvents {
		r.graphs++
		r.bytes += len(got[0][id])
		if !bytes.Equal(got[0][id], got[1][id]) {
			r.differ = append(r.differ, id)
		}
	}
	slices.Sort(r.differ)
	return nil
}

func judgeRestore(r *restored) (f lab.Finding) {
	lost := r.held < int64(r.acknowledged) || r.copied != r.original || r.resent.Accepted+r.resent.Duplicates != r.sent
	f.Pass = len(r.differ) == 0 && r.graphs > 0 && !lost && !r.blind && r.failed == 0 && r.reads > 0 && r.held <= int64(r.sent)
	f.Measured = fmt.Sprintf("%d of %d graphs differ, %d quotes stored of %d acknowledged before", len(r.differ), r.graphs, r.held, r.acknowledged)
	f.Evidence = fmt.Sprintf("backup in %s while %d quotes were written, with %d concurrent reads (%d failed); verified and restored; all ticks sent again: %d new, %d duplicates, %d refused; the logs then hold %d and %d quotes; %d kB of graphs compared, without version counters",
		r.took.Round(time.Millisecond), r.sent, r.reads, r.failed, r.resent.Accepted, r.resent.Duplicates, r.resent.Rejected, r.original, r.copied, r.bytes/1000)
	if r.blind {
		f.Evidence += "; a copy of the backup with a flipped bit in a chunk was called good"
	} else {
		f.Evidence += "; a copy of it with a flipped bit in a chunk was refused"
	}
	if len(r.differ) > 0 {
		f.Evidence += "; different: " + strings.Join(r.differ, ", ")
	}
	return f
}
