package instance

import (
	"fmt"
	"os"

	"corrgraph/catalog"
	"corrgraph/engine"
	"corrgraph/odds"
	"corrgraph/server/config"
	"corrgraph/server/ingest"
	"corrgraph/server/live"
)

// engines are the options of door and engines that what is learnt depends on.
func engines(c *config.Config) (door ingest.Options, o live.Options, err error) {
	facts, err := catalog.Builtin()
	if err != nil {
		return door, o, err
	}
	if path := c.Engine.Catalog; path != "" {
		f, err := os.Open(path)
		if err != nil {
			return door, o, err
		}
		defer f.Close()
		if facts, err = facts.With(path, f); err != nil {
			return door, o, err
		}
	}
	devig, err := odds.ParseMethod(c.Engine.Devig)
	if err != nil {
		return door, o, fmt.Errorf("engine.devig: %w", err)
	}
	door = ingest.Options{
		OutOfOrder: odds.MillisOf(c.Ingest.OutOfOrder), Sources: sources(c), Idle: c.Ingest.IdleFlush,
		CoalesceWindow: odds.MillisOf(c.Engine.Settle), Remember: c.Ingest.DedupeWindow,
	}
	o = live.Options{Facts: facts, Engine: engine.Options{
		Seed: c.Engine.Seed, DecideEvery: odds.MillisOf(c.Engine.DecideEvery), CoalesceWindow: odds.MillisOf(c.Engine.Settle),
		Memory: odds.MillisOf(c.Engine.Memory), ForgetAfter: odds.MillisOf(c.Engine.ForgetAfter), KeepMoves: c.Engine.KeepMoves, Devig: devig, Commission: c.Commissions(), Accounts: c.Accounts(), PaperDelay: odds.MillisOf(c.Engine.PaperDelay),
		Limits: within(engine.Limits(c.Engine.Limits), int64(c.Limits.MemoryCeiling)),
	}}
	return door, o, nil
}
