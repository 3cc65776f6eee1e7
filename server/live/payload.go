package live

import (
	"corrgraph/engine"
	"corrgraph/ledger"
)

// Payload is what a message says: Moved, Issued, Settled, AnomalyUpdate, Renewed,
// Decided or Missed, one for each kind.
type Payload interface{ payload() }

// Moved is what a series moved since the last message about it.
type Moved struct{ engine.Move }

// Issued is a prediction that was made.
type Issued struct{ ledger.Prediction }

// Settled is a prediction with its outcome.
type Settled struct{ ledger.Prediction }

// Renewed is the version of a new view.
type Renewed struct{ Version uint64 }

// Decided is how many families were judged anew.
type Decided struct{ Families int }

// Missed is a source whose polls never came.
type Missed struct{ engine.Source }

func (Moved) payload()         {}
func (Issued) payload()        {}
func (Settled) payload()       {}
func (AnomalyUpdate) payload() {}
func (Renewed) payload()       {}
func (Decided) payload()       {}
func (Missed) payload()        {}
