package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"corrgraph/server/connect/screen"
	"corrgraph/server/instance"
)

// venues connects each venue of a configuration until it shows a price or says why not.
func (c *doctorCmd) venues(ctx context.Context, a *app) error {
	cfg, err := c.load(a)
	if err != nil {
		return err
	}
	if len(cfg.Connect.Venues) == 0 {
		return usage(errors.New("the configuration connects no venue: add connect.venues, or leave out --config and --set to examine a store"))
	}
	cfg.Connect.Record = ""
	desk, err := instance.Desk(&cfg.Config, instance.Options{Log: io.Discard, Version: build()})
	if err != nil {
		return err
	}
	limit, stop := context.WithTimeout(ctx, c.For)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = desk.Run(limit) // the cause of limit
	}()
	all := screen.Examine(limit, &cfg.Config, desk, http.DefaultClient, clock)
	stop()
	<-ended
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	bad := 0
	for i := range all {
		if !all[i].Good {
			bad++
		}
	}
	if err := a.print(all, func(w io.Writer) error { return screen.WriteFindings(w, all) }); err != nil {
		return err
	}
	if bad > 0 {
		return notReady(fmt.Errorf("%d of %d venues can't be read", bad, len(all)))
	}
	return nil
}
