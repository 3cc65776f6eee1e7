package config

import (
	"fmt"
	"strings"
	"time"
)

// Chaos is fault injection.
type Chaos struct {
	Enabled  bool         `yaml:"enabled" default:"false" doc:"Allow faults, by the schedule and by the admin role."`
	Poison   bool         `yaml:"poison" default:"false" doc:"Let ticks of events whose ids begin with poison-panic, poison-fatal, poison-loop or poison-memory kill the process, or hang it, whenever they are applied. It needs chaos.enabled."`
	Schedule []ChaosFault `yaml:"schedule" default:"[{day: sunday, at: '04:00', fault: kill-layer, layer: 4, duration: 30s}]" reload:"true" doc:"Faults that the service injects itself if chaos.enabled is true. []: none."`
}

// ChaosFault is one scheduled fault.
type ChaosFault struct {
	Day      string        `yaml:"day" default:"sunday" enum:"daily,monday,tuesday,wednesday,thursday,friday,saturday,sunday" doc:"Day of the week, in UTC."`
	At       string        `yaml:"at" default:"04:00" doc:"Time of the day, HH:MM in UTC, in quotes."`
	Fault    string        `yaml:"fault" enum:"kill-layer,slow-store,full-disk,memory-pressure,clock-skew,feed-stall,judge-stall" doc:"What to break."`
	Duration time.Duration `yaml:"duration" default:"30s" min:"1s" max:"1h" doc:"For how long."`
	Layer    int           `yaml:"layer" default:"0" min:"0" max:"4" doc:"kill-layer: which layer fails, 1 to 4."`
	Delay    time.Duration `yaml:"delay" default:"0" min:"0" max:"1m" doc:"slow-store: delay added to each statement."`
	Size     Size          `yaml:"size" default:"0" min:"0" max:"16TiB" doc:"memory-pressure: amount added to the memory in use."`
	Offset   time.Duration `yaml:"offset" default:"0" min:"-1d" max:"1d" doc:"clock-skew: offset added to the service's clock."`
}

// Next returns the first time after after at which the fault is due. The fault must
// be valid.
func (f *ChaosFault) Next(after time.Time) time.Time {
	clock, err := time.Parse("15:04", f.At)
	if err != nil {
		panic(fmt.Sprintf("config: schedule not validated: at %q", f.At))
	}
	after = after.UTC()
	next := time.Date(after.Year(), after.Month(), after.Day(), clock.Hour(), clock.Minute(), 0, 0, time.UTC)
	for !next.After(after) || (f.Day != "daily" && strings.ToLower(next.Weekday().String()) != f.Day) {
		next = next.AddDate(0, 0, 1)
	}
	return next
}

// problems returns what is wrong with a fault beyond single values.
func (f *ChaosFault) problems(key string) (p Problems) {
	if t, err := time.Parse("15:04", f.At); err != nil || t.Format("15:04") != f.At {
		p = append(p, Problem{Key: key + ".at", Text: fmt.Sprintf("want a time of the day like 04:00, have %q", f.At)})
	}
	parameters := []struct {
		name, fault string
		set         bool
	}{
		{"layer", "kill-layer", f.Layer != 0},
		{"delay", "slow-store", f.Delay != 0},
		{"size", "memory-pressure", f.Size != 0},
		{"offset", "clock-skew", f.Offset != 0},
	}
	for _, q := range parameters {
		switch {
		case f.Fault == q.fault && !q.set:
			p = append(p, Problem{Key: key + "." + q.name, Text: "the fault " + q.fault + " needs it"})
		case f.Fault != q.fault && q.set:
			p = append(p, Problem{Key: key + "." + q.name, Text: "belongs to the fault " + q.fault + ", not to " + f.Fault})
		}
	}
	return p
}
