package live

import (
	"corrgraph/engine"
	"corrgraph/ledger"
)

// Payload is the content of a message: Moved, Issued, Settled, AnomalyUpdate,
// Renewed, Decided or Missed, one per kind.
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

func (Moved) payload()         {}
func (Issued) payload()        {}
func (Settled) payload()       {}
func (AnomalyUpdate) payload() {}
func (Renewed) payload()       {}
func (Decided) payload()       {}
func (Missed) payload()        {}
