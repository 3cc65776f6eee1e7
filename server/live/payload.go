package live

import (
	"corrgraph/engine"
	"corrgraph/feed/frames"
	"corrgraph/ledger"
)

// Payload is the content of a message: Moved, Issued, Settled, AnomalyUpdate,
// Renewed, Decided, Missed or Continuity, one per kind.
type Payload interface{ payload() }

// Moved is the move of a series since its last message.
type Moved struct{ engine.Move }

// Issued is a new prediction, or an open one that was revised.
type Issued struct{ ledger.Prediction }

// Settled is a prediction with its outcome.
type Settled struct{ ledger.Prediction }

// Renewed is the version of a new view.
type Renewed struct{ Version uint64 }

// Decided is the number of families judged again.
type Decided struct{ Families int }

// Missed is a source with polls that never arrived.
type Missed struct{ engine.Source }

// Continuity is a new state of a market that the service reads itself.
type Continuity struct{ frames.Standing }

func (Continuity) payload()    {}
func (Moved) payload()         {}
func (Issued) payload()        {}
func (Settled) payload()       {}
func (AnomalyUpdate) payload() {}
func (Renewed) payload()       {}
func (Decided) payload()       {}
func (Missed) payload()        {}
