package drill

import (
	"fmt"
	"time"
)

// The statuses of the service and its layers.
const (
	healthy  = "HEALTHY"
	degraded = "DEGRADED"
	failed   = "FAILED"
	off      = "OFF"
)

// Span is the time of the fault, since the drill began.
type Span struct {
	From, To time.Duration
	// ShowWithin and RecoverWithin limit how long the status may take to follow.
	ShowWithin, RecoverWithin time.Duration
}

// Verdict is the result of a drill.
type Verdict struct {
	Requests    int            `json:"requests"`
	Failed      int            `json:"failed"`          // without excuse; 0 is promised
	FailedReads int            `json:"failed_reads"`    // of these, reads of unaffected parts
	Refused     int            `json:"refused_ticks"`   // requests that the promise allows to be refused
	Failures    map[string]int `json:"failures"`        // by probe and cause
	Shown       *float64       `json:"show_seconds"`    // from the fault until health showed it; null: never
	Recovered   *float64       `json:"recover_seconds"` // from the end of the fault until health had recovered for good; null: never
	WrongBefore int            `json:"wrong_status_before"`
	WrongDuring int            `json:"wrong_status_during"`
	WrongLayers int            `json:"wrong_layer_status"` // graphs with a wrong status of a layer
	LayerFaults map[string]int `json:"layer_faults"`       // the same by layer, status and reason
	Kept        bool           `json:"kept"`
	Broken      []string       `json:"broken"` // broken promises, in words
}

// Judge compares outcomes, ordered by when they were due, with a promise.
func Judge(p Promise, s Span, all []Outcome) *Verdict {
	v := &Verdict{Requests: len(all), Failures: map[string]int{}, LayerFaults: map[string]int{}, Broken: []string{}}
	j := judge{p: p, s: s, v: v, shown: s.From, excused: s.To + s.RecoverWithin}
	j.status(all)
	for i := range all {
		j.request(&all[i])
	}
	j.layers(all)
	j.conclude()
	return v
}

type judge struct {
	p       Promise
	s       Span
	v       *Verdict
	shown   time.Duration // later requests must be told of the fault
	excused time.Duration // until then the fault excuses what the promise allows
}

// request counts one outcome.
func (j *judge) request(o *Outcome) {
	why := o.failure()
	switch {
	case why == "":
	case j.p.TicksRefused && o.refusal() && o.end() >= j.s.From && o.Due <= j.excused:
		j.v.Refused++
	default:
		j.v.Failed++
		j.v.Failures[o.Probe.String()+": "+why]++
		if o.Probe != Ticks {
			j.v.FailedReads++
		}
	}
}

// status follows the answers of /healthz.
func (j *judge) status(all []Outcome) {
	j.show(all)
	v, ill := j.v, time.Duration(-1)
	for i := range all {
		o := &all[i]
		if o.Probe != Health || o.Health == "" {
			continue
		}
		switch {
		case o.end() < j.s.From:
			if o.Health != healthy {
				v.WrongBefore++
			}
		case o.Due >= j.s.From && o.end() <= j.s.To:
			j.during(o)
		}
		if o.Due >= j.s.To && o.Health != healthy {
			ill = o.Due
		}
	}
	for i := range all {
		if o := &all[i]; o.Probe == Health && o.Due >= j.s.To && o.Due > ill && o.Health == healthy {
			after := (o.Due - j.s.To).Seconds()
			v.Recovered = &after
			break
		}
	}
}

// show finds when health first showed the fault. Answers may overtake one another:
// any answer to a request sent before that moment may still describe the time
// before the fault.
func (j *judge) show(all []Outcome) {
	for i := range all {
		o := &all[i]
		if o.Probe != Health || o.Health != degraded || o.Due < j.s.From || o.end() > j.s.To || j.v.Shown != nil && o.end() >= j.shown {
			continue
		}
		after := (o.end() - j.s.From).Seconds()
		j.v.Shown, j.shown = &after, o.end()
	}
}

// during checks one status during the fault.
func (j *judge) during(o *Outcome) {
	switch {
	case o.Health == failed:
		j.v.WrongDuring++
	case j.p.Degraded && j.v.Shown != nil && o.Due >= j.shown && o.Health != degraded:
		j.v.WrongDuring++ // it had shown the fault, and withdrew that too early
	}
}

// layers checks the status of each layer in graphs. A layer that was off from the
// beginning may stay so.
func (j *judge) layers(all []Outcome) {
	var offAlready [4]bool
	for i := range all {
		if o := &all[i]; o.Probe == Graph && o.Code == 200 && o.end() < j.s.From {
			for l, s := range o.Layers {
				offAlready[l] = offAlready[l] || s == off
			}
		}
	}
	for i := range all {
		o := &all[i]
		if o.Probe != Graph || o.failure() != "" {
			continue
		}
		wrong := false
		for l, s := range o.Layers {
			if !j.layer(o, l+1, s, offAlready[l]) {
				wrong = true
				j.v.LayerFaults[fmt.Sprintf("layer %d %s: %s", l+1, s, o.Reasons[l])]++
			}
		}
		if wrong {
			j.v.WrongLayers++
		}
	}
}

// layer reports whether a layer may have a status in an answer.
func (j *judge) layer(o *Outcome, layer int, status string, offAlready bool) bool {
	holds := j.v.Shown != nil && o.Due >= j.shown && o.end() <= j.s.To
	excused := o.end() >= j.s.From && o.Due <= j.excused
	switch {
	case layer == j.p.FailedLayer && holds:
		return status == failed
	case layer == j.p.FailedLayer && excused:
		return status == failed || status == healthy
	case layer == j.p.ShedLayer && excused && status == off:
		return true
	}
	return status == healthy || status == off && offAlready
}

// conclude lists the broken promises.
func (j *judge) conclude() {
	v, s := j.v, j.s
	broken := func(on bool, format string, args ...any) {
		if on {
			v.Broken = append(v.Broken, fmt.Sprintf(format, args...))
		}
	}
	broken(v.Requests == 0, "no request was sent")
	broken(v.FailedReads > 0, "%d reads of unaffected parts failed", v.FailedReads)
	broken(v.Failed > v.FailedReads, "%d tick requests failed in ways that the fault does not excuse", v.Failed-v.FailedReads)
	broken(v.WrongBefore > 0, "the service was not healthy before: %d times", v.WrongBefore)
	broken(j.p.Degraded && v.Shown == nil, "health never said %s during the fault", degraded)
	broken(j.p.Degraded && v.Shown != nil && *v.Shown > s.ShowWithin.Seconds(), "health said %s only %.1f s after the fault began, %s is promised", degraded, deref(v.Shown), s.ShowWithin)
	broken(v.WrongDuring > 0, "health was wrong %d times during the fault", v.WrongDuring)
	broken(v.WrongLayers > 0, "%d graphs gave a layer the wrong status", v.WrongLayers)
	broken(v.Recovered == nil, "health was not lastingly %s after the fault", healthy)
	broken(v.Recovered != nil && *v.Recovered > s.RecoverWithin.Seconds(), "health was %s only %.1f s after the fault ended, %s is promised", healthy, deref(v.Recovered), s.RecoverWithin)
	v.Kept = len(v.Broken) == 0
}

// tally counts the failed and the excused among outcomes.
func tally(p Promise, s Span, all []Outcome) (failed, refused int) {
	j := judge{p: p, s: s, v: &Verdict{Failures: map[string]int{}}, excused: s.To + s.RecoverWithin}
	for i := range all {
		j.request(&all[i])
	}
	return j.v.Failed, j.v.Refused
}

func deref(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}
