package betfair

// message is the part of an mcm line needed for prices. Its tags are the names that
// [decode] reads; tests compare it with encoding/json.
type message struct {
	Op         string   `json:"op"`
	CT         string   `json:"ct"`
	PT         int64    `json:"pt"`
	Status     int      `json:"status"`
	ConflateMs *int64   `json:"conflateMs"`
	MC         []change `json:"mc"`
}

type change struct {
	ID      string         `json:"id"`
	Image   bool           `json:"img"`
	Con     bool           `json:"con"`
	Def     *definition    `json:"marketDefinition"`
	Runners []runnerChange `json:"rc"`
}

// runnerChange holds ladders of [price, size] and of [level, price, size].
type runnerChange struct {
	ID    int64        `json:"id"`
	HC    float64      `json:"hc"`
	LTP   *float64     `json:"ltp"`
	TV    *float64     `json:"tv"`
	ATB   [][2]float64 `json:"atb"`
	ATL   [][2]float64 `json:"atl"`
	BATB  [][3]float64 `json:"batb"`
	BATL  [][3]float64 `json:"batl"`
	BDATB [][3]float64 `json:"bdatb"`
	BDATL [][3]float64 `json:"bdatl"`
}

type definition struct {
	EventID     string      `json:"eventId"`
	EventTypeID string      `json:"eventTypeId"`
	EventName   string      `json:"eventName"`
	Name        string      `json:"name"`
	MarketType  string      `json:"marketType"`
	BettingType string      `json:"bettingType"`
	MarketTime  string      `json:"marketTime"`
	Venue       string      `json:"venue"`
	Country     string      `json:"countryCode"`
	Competition string      `json:"competition"`
	Status      string      `json:"status"`
	InPlay      bool        `json:"inPlay"`
	Winners     int         `json:"numberOfWinners"`
	Complete    *bool       `json:"complete"` // false: runners may be added
	Runners     []runnerDef `json:"runners"`
	KeyLine     *keyLine    `json:"keyLineDefinition"`
}

// ofPoints reports whether the market's prices are points and no odds.
func (d *definition) ofPoints() bool { return d.BettingType == "LINE" || d.BettingType == "RANGE" }

// keyLine names the runners of a handicap market's main line.
type keyLine struct {
	Lines []keyRunner `json:"kl"`
}

type keyRunner struct {
	ID int64   `json:"id"`
	HC float64 `json:"hc"`
}

type runnerDef struct {
	ID     int64   `json:"id"`
	HC     float64 `json:"hc"`
	Name   string  `json:"name"`
	Sort   int     `json:"sortPriority"`
	Status string  `json:"status"`
}
