package service

import (
	"corrgraph/answer"
	"corrgraph/detect"
	"corrgraph/engine"
	"corrgraph/ledger"
	"corrgraph/odds"
	"corrgraph/server/live"
)

// Told is what a message of the hub says.
func (s *Service) Told(m *live.Message) answer.Message {
	switch d := m.Data.(type) {
	case engine.Move:
		return answer.NewMoved(&d)
	case ledger.Prediction:
		f := answer.NewForecast(&d, s.Names())
		if m.Kind == (answer.Settled{}).Kind() {
			return answer.Settled{Forecast: f}
		}
		return answer.Issued{Forecast: f}
	case live.AnomalyUpdate:
		return s.raised(&d.Anomaly)
	case detect.Anomaly:
		return s.raised(&d)
	case engine.Source:
		return answer.Gap{Scope: "feed", Source: d.Name, Missed: uint64(max(d.Missed, 0))}
	case uint64:
		return answer.Renewed{EventID: m.Event, AsOf: m.At, Version: d}
	case int:
		return answer.Decided{At: m.At, Families: d}
	}
	panic("service: a message of an unknown kind")
}

func (s *Service) raised(a *detect.Anomaly) answer.Message {
	return answer.Raised{Anomaly: answer.NewAnomaly(a, s.Names(), odds.Never)}
}
