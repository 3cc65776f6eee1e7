package instance

import (
	"errors"
	"fmt"

	"corrgraph/odds"
	"corrgraph/server/config"
)

// config returns the current configuration.
func (i *Instance) config() config.Config {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.cfg
}

// Reload applies settings that a running instance can change, reads tokens and
// certificates again, and returns the keys that need a restart. On an error the
// configuration is unchanged.
func (i *Instance) Reload(next *config.Config) (restart []string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	merged := config.Merge(&i.cfg, next)
	if err := merged.Validate(); err != nil {
		return nil, err
	}
	for _, c := range config.Changes(&i.cfg, next) {
		if !c.Reload {
			restart = append(restart, c.Key)
		}
	}
	if err := i.http.reload(&merged); err != nil { // nothing after this can fail with a valid configuration
		return nil, fmt.Errorf("the configuration was not applied: %w", err)
	}
	l := &merged.Limits
	if err := errors.Join(i.limiter.Set(float64(l.ClientRate), l.ClientBurst), i.graphs.Set(int(l.GraphRate))); err != nil {
		return nil, err
	}
	i.setLevel(merged.Telemetry.Log.Level)
	i.service.Set(modes(&merged), merged.Audit.Level == "ERRORS")
	i.ingest.SetFutureSkew(odds.MillisOf(merged.Ingest.FutureSkew))
	i.live.SetModes(standby(&merged))
	i.cfg = merged
	return restart, nil
}
