package engine

import (
	"corrgraph/catalog"
	"corrgraph/odds"
	"corrgraph/odds/account"
	"corrgraph/series"
)

// Options tune an Engine. The zero value of a field selects its default.
type Options struct {
	// View is which part of the work it does.
	View View
	// Seed of all decoys. Zero means 1.
	Seed uint64
	// DecideEvery is the length of the tumbling windows of event time; families are judged
	// at the end of each. Zero means one hour.
	DecideEvery odds.Millis
	// StaleAfter is the age of a venue's own stamp from which its quote counts as stale. No
	// increment spans a stale quote. Zero means three poll steps, at least 15 minutes.
	StaleAfter odds.Millis
	// CoalesceWindow is how long the legs of a stream's market update may take to arrive.
	// Zero means 100 ms.
	CoalesceWindow odds.Millis
	// Devig is the method that removes a bookmaker's margin from prices. Zero means
	// odds.Multiplicative. Values, moves and edges depend on it: never mix results of two
	// methods.
	Devig odds.Method
	// Slopes override the worth of one point of line, in log-odds, by sport, league and
	// market.
	Slopes odds.LineSlopes
	// Commission is the share of net winnings that a venue keeps, by venue. Bookmakers that are
	// not listed keep none; the fee of an exchange that is not listed is unknown, and no
	// expected value is stated there. Arbitrage counts what is listed.
	Commission map[string]float64
	// Accounts are those of the operator, by venue: EV, value and arbitrage use these alone. Empty: all venues.
	Accounts account.Book
	// PaperDelay is how long after a call its bet is placed in the paper ledger. Zero means 5 s.
	PaperDelay odds.Millis
	// Facts are the entities behind names, such as which club plays in which city. Nil
	// means none, which leaves layer 4 empty.
	Facts *catalog.Facts
	// ScoreAtFinish delays the scoring of settled predictions, and Check, until Finish, which draws
	// base rates from both sides of each forecast; memory grows with their number. False
	// scores each when it settles, with a base rate drawn from earlier data.
	ScoreAtFinish bool
	// SearchEachDecision makes every decision search the pairs with enough moves of their
	// own, so that View and Inspect show the ones discovered. False leaves the search to
	// Edges.
	SearchEachDecision bool
	// Memory is how long moves are evidence of who leads. It is kept in four parts, of which
	// the oldest is forgotten as a whole: verdicts rest on the last three quarters of it at
	// least. Zero means 28 days.
	Memory odds.Millis
	// ForgetAfter is how long after its last quote an event is dropped, at the next
	// decision. Zero disables it. Other values should be at least the longest window of a
	// layer.
	ForgetAfter odds.Millis
	// KeepMoves is how many moves of each series are remembered. Zero means series.Keep.
	KeepMoves int
	// Limits bound what sources can make the engine hold. Results depend on them where they
	// bite; Counts says how often they did.
	Limits Limits
	// Pause is called every few quotes that are told: others may call Evidence and Past. Nil: never.
	Pause func()
	// Guard is asked before each batch is applied. Nil: all are.
	Guard Guard
	// Workers limits the goroutines of Finish. Zero means one per processor. Results do not
	// depend on it.
	Workers int
}

// Guard says which batches may be applied.
type Guard interface {
	// Begin reports whether a batch may be, and names it if not. The one before is done.
	Begin(b *odds.Batch) (id uint64, ok bool)
	// End says that the one before is done, and that none is at hand.
	End()
}

// everything is a Guard that lets all batches be applied.
type everything struct{}

func (everything) Begin(*odds.Batch) (uint64, bool) { return 0, true }
func (everything) End()                             {}

func (o *Options) fill() {
	if o.Guard == nil {
		o.Guard = everything{}
	}
	o.Limits = o.Limits.WithDefaults()
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.KeepMoves == 0 {
		o.KeepMoves = series.Keep
	}
	if o.PaperDelay == 0 {
		o.PaperDelay = 5000
	}
	if o.Memory == 0 {
		o.Memory = 28 * 24 * 3_600_000
	}
	if o.DecideEvery == 0 {
		o.DecideEvery = 3_600_000
	}
}
