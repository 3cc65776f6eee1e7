package betfair

import (
	"bytes"
	"strings"

	json "github.com/goccy/go-json"
)

// message is the part of an mcm line that prices need. Fields that are not
// named here are skipped unread, whatever they hold.
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
	MarketTime  string      `json:"marketTime"`
	Venue       string      `json:"venue"`
	Country     string      `json:"countryCode"`
	Competition string      `json:"competition"`
	Status      string      `json:"status"`
	InPlay      bool        `json:"inPlay"`
	Winners     int         `json:"numberOfWinners"`
	Runners     []runnerDef `json:"runners"`
	KeyLine     *struct {
		Lines []struct {
			ID int64   `json:"id"`
			HC float64 `json:"hc"`
		} `json:"kl"`
	} `json:"keyLineDefinition"`
}

type runnerDef struct {
	ID     int64   `json:"id"`
	HC     float64 `json:"hc"`
	Name   string  `json:"name"`
	Sort   int     `json:"sortPriority"`
	Status string  `json:"status"`
}

// noNumbers are the words that Betfair writes where a number is missing.
var noNumbers = strings.NewReplacer(`"NaN"`, "null", `"Infinity"`, "null", `"-Infinity"`, "null")

// decode reads one line; m must be zero. The line is not kept. Words in the
// place of numbers are rare, so only a line that fails is searched for them.
func decode(line []byte, m *message) error {
	err := json.Unmarshal(line, m)
	if err == nil || !(bytes.Contains(line, []byte(`"NaN"`)) || bytes.Contains(line, []byte(`Infinity"`))) {
		return err
	}
	*m = message{}
	return json.Unmarshal([]byte(noNumbers.Replace(string(line))), m)
}
