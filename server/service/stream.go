package service

import (
	"fmt"

	"corrgraph/answer"
	"corrgraph/odds"
	"corrgraph/server/live"
)

// Told returns the content of a message of the hub.
func (s *Service) Told(m *live.Message) answer.Message {
	switch d := m.Data.(type) {
	case live.Moved:
		return answer.NewMoved(&d.Move, s.Names())
	case live.Issued:
		return answer.Issued{Forecast: answer.NewForecast(&d.Prediction, s.Names())}
	case live.Settled:
		return answer.Settled{Forecast: answer.NewForecast(&d.Prediction, s.Names())}
	case live.AnomalyUpdate:
		return answer.Raised{Anomaly: answer.NewAnomaly(&d.Anomaly, s.Names(), odds.Never)}
	case live.Renewed:
		return answer.Renewed{EventID: m.Event, AsOf: m.At, Version: d.Version}
	case live.Decided:
		return answer.Decided{At: m.At, Families: d.Families}
	case live.Continuity:
		return answer.NewContinuity(&d.Standing)
	case live.Missed:
		return answer.Gap{Scope: "feed", Source: d.Name, Missed: uint64(max(d.Missed, 0))}
	}
	panic(fmt.Sprintf("service: a message of kind %q without its payload", m.Kind))
}
