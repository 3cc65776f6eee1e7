package odds

// Layer is one of the four kinds of link between nodes.
type Layer uint8

// The layers, numbered as in the store and in every interface.
const (
	Direct      Layer = 1 // the same selection of the same market of the same event, at two venues
	CrossMarket Layer = 2 // different markets of one event
	CrossEvent  Layer = 3 // two events of one sport that share a team or player
	CrossSport  Layer = 4 // two events of different sports that share an entity
)

// Layers lists all four in order.
var Layers = [4]Layer{Direct, CrossMarket, CrossEvent, CrossSport}

var layerNames = [...]string{"", "direct", "cross-market", "cross-event", "cross-sport"}

// Valid reports whether l is one of the four.
func (l Layer) Valid() bool { return l >= Direct && l <= CrossSport }

// String returns "direct", "cross-market", "cross-event" or "cross-sport".
func (l Layer) String() string {
	if !l.Valid() {
		return "invalid layer"
	}
	return layerNames[l]
}

// Key returns "L1" … "L4".
func (l Layer) Key() string { return "L" + string('0'+rune(l)) }

// Window is how long an edge of the layer stays in a graph after its last
// detection.
func (l Layer) Window() Millis {
	const hour = 3_600_000
	switch l {
	case Direct:
		return hour
	case CrossEvent:
		return 7 * 24 * hour
	default:
		return 24 * hour
	}
}

// Band is a confidence as one word.
type Band string

// The bands of confidence.
const (
	High   Band = "HIGH"   // above 0.9
	Medium Band = "MEDIUM" // above 0.6
	Low    Band = "LOW"
)

// BandOf returns the band of a confidence.
func BandOf(confidence float64) Band {
	switch {
	case confidence > 0.9:
		return High
	case confidence > 0.6:
		return Medium
	default:
		return Low
	}
}
