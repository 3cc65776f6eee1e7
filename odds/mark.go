package odds

// Mark is something that happened in an event, or to it, as a source said at a Batch's At: why
// prices of many venues move at once. It is never modified once emitted.
type Mark struct {
	Event *Event
	Kind  MarkKind
	Value string // in the source's spelling: "3-16", "Q4", "InProgress"
	Was   string // before; empty: it is the first that was heard
	Ended bool   // the event is over
}

// MarkKind is what a Mark tells.
type MarkKind string

// The kinds of marks.
const (
	ScoreMark  MarkKind = "score"
	PeriodMark MarkKind = "period"
	StatusMark MarkKind = "status"
)

// MarkKinds lists the kinds of marks.
func MarkKinds() []MarkKind { return []MarkKind{ScoreMark, PeriodMark, StatusMark} }

// Same reports whether two marks of one source and instant say the same.
func (m *Mark) Same(o *Mark) bool {
	return m.Event.ID == o.Event.ID && m.Kind == o.Kind && m.Value == o.Value && m.Was == o.Was && m.Ended == o.Ended
}
