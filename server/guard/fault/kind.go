package fault

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"corrgraph/odds"
)

// Kind is the kind of a fault.
type Kind string

// The kinds, and which of [Params] each needs.
const (
	KillLayer      Kind = "kill-layer"      // building a layer fails: Layer
	SlowStore      Kind = "slow-store"      // every statement takes longer: Delay
	FullDisk       Kind = "full-disk"       // writes fail as if the disk were full
	MemoryPressure Kind = "memory-pressure" // memory use appears higher than it is: Bytes
	ClockSkew      Kind = "clock-skew"      // the service's clock is off: Skew, above 0 is ahead
	FeedStall      Kind = "feed-stall"      // no tick arrives
	JudgeStall     Kind = "judge-stall"     // nothing is learnt or decided, and no decision checked
)

// Kinds lists all of them.
func Kinds() []Kind {
	return []Kind{KillLayer, SlowStore, FullDisk, MemoryPressure, ClockSkew, FeedStall, JudgeStall}
}

// ParseKind returns the kind with that name.
func ParseKind(name string) (Kind, error) {
	if k := Kind(name); slices.Contains(Kinds(), k) {
		return k, nil
	}
	var names []string
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return "", fmt.Errorf("%w: kind %q, want one of %s", ErrParams, name, strings.Join(names, ", "))
}

// Params are the parameters of a fault. Those that its kind doesn't use must be
// zero.
type Params struct {
	Layer odds.Layer
	Delay time.Duration // 1 ms to 1 minute
	Bytes int64         // at least 1
	Skew  time.Duration // up to 24 h either way
}

// check reports what is wrong with the parameters of a kind.
func (p Params) check(k Kind) error {
	if _, err := ParseKind(string(k)); err != nil {
		return err
	}
	for _, c := range []struct {
		of        Kind
		name      string
		given, ok bool
		want      string
	}{
		{KillLayer, "layer", p.Layer != 0, p.Layer.Valid(), "1 to 4"},
		{SlowStore, "delay", p.Delay != 0, time.Millisecond <= p.Delay && p.Delay <= time.Minute, "1ms to 1m"},
		{MemoryPressure, "bytes", p.Bytes != 0, 0 < p.Bytes && p.Bytes < math.MaxInt64/2, "above 0"},
		{ClockSkew, "skew", p.Skew != 0, p.Skew != 0 && p.Skew.Abs() <= 24*time.Hour, "up to 24h either way, not 0"},
	} {
		switch {
		case c.of == k && !c.ok:
			return fmt.Errorf("%w: %s needs %s %s", ErrParams, k, c.name, c.want)
		case c.of != k && c.given:
			return fmt.Errorf("%w: %s takes no %s", ErrParams, k, c.name)
		}
	}
	return nil
}
