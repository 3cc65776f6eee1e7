package service

import (
	"context"

	"corrgraph/answer"
	"corrgraph/feed/frames"
	"corrgraph/server/connect"
)

// Desk is the connections to venues.
type Desk interface {
	Status() []connect.Status
	Doubted(most int) (list []frames.Standing, more int)
	Reasons() []string
	Rules() map[connect.MarketName]string
}

// Connections is how all connections to venues stand.
type Connections struct {
	Connections []connect.Status    `json:"connections"`
	Doubted     []answer.Continuity `json:"doubted"` // markets in doubt, the longest first
	More        int                 `json:"more"`    // markets in doubt that are not listed
}

// mostDoubted is how many markets in doubt are listed.
const mostDoubted = 200

// Connections says how the connections to venues stand.
func (s *Service) Connections(ctx context.Context) (out *Connections, err error) {
	err = s.run(ctx, OpConnections, "", func(context.Context) error {
		out = &Connections{Connections: []connect.Status{}, Doubted: []answer.Continuity{}}
		if s.o.Desk == nil {
			return nil
		}
		out.Connections = append(out.Connections, s.o.Desk.Status()...)
		list, more := s.o.Desk.Doubted(mostDoubted)
		for i := range list {
			out.Doubted = append(out.Doubted, answer.NewContinuity(&list[i]))
		}
		out.More = more
		return nil
	})
	return out, err
}
