package betfair

import (
	"encoding/json"
	"strings"
	"time"
)

// Listed is a market as listMarketCatalogue names it.
type Listed struct {
	ID          string    `json:"marketId"`
	Name        string    `json:"marketName"`
	Start       time.Time `json:"marketStartTime"`
	Competition struct {
		Name string `json:"name"`
	} `json:"competition"`
	Event struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"event"`
	Runners []struct {
		ID   int64  `json:"selectionId"`
		Name string `json:"runnerName"`
	} `json:"runners"`
}

// ReadCatalogue reads an answer of listMarketCatalogue.
func ReadCatalogue(data []byte) (all []*Listed, err error) {
	err = json.Unmarshal(data, &all)
	return all, err
}

// list takes an answer of the catalogue.
func (d *Decoder) list(data []byte) {
	all, err := ReadCatalogue(data)
	if err != nil {
		d.reject("bad_catalogue", err.Error())
		return
	}
	if len(d.listed)+len(all) > mostListed {
		drop(d.listed, func(id string, _ *Listed) bool { return d.s.markets[id] != nil })
	}
	for _, l := range all {
		if l == nil || l.ID == "" || len(l.Name)+len(l.Event.Name)+len(l.Competition.Name) > longestText || len(l.Runners) > 1000 {
			continue
		}
		if len(d.listed) < mostListed {
			d.listed[l.ID] = l
		}
	}
}

// names adds the names of the catalogue to definitions, which have none in the live stream.
func (d *Decoder) names(m *message) {
	for i := range m.MC {
		if l := d.listed[m.MC[i].ID]; l != nil && m.MC[i].Def != nil {
			l.fill(m.MC[i].Def)
		}
	}
}

func (l *Listed) fill(d *definition) {
	fill(&d.EventName, l.Event.Name)
	fill(&d.Name, l.Name)
	fill(&d.Competition, leagueOf(l.Competition.Name))
	for i := range d.Runners {
		for j := range l.Runners {
			if r := &l.Runners[j]; r.ID == d.Runners[i].ID && len(r.Name) <= longestText {
				fill(&d.Runners[i].Name, r.Name)
				break
			}
		}
	}
}

// leagueOf returns the usual key of a competition that other sources of odds have too, or its
// name as it is.
func leagueOf(competition string) string {
	switch strings.ToLower(competition) {
	case "mlb", "major league baseball":
		return "mlb"
	case "nba":
		return "nba"
	case "nfl":
		return "nfl"
	case "nhl":
		return "nhl"
	case "ncaa basketball", "ncaab":
		return "ncaab"
	case "ncaa football", "ncaaf":
		return "ncaaf"
	case "english premier league":
		return "epl"
	case "english sky bet championship":
		return "efl_champ"
	case "spanish la liga":
		return "spain_la_liga"
	case "german bundesliga":
		return "germany_bundesliga"
	case "italian serie a":
		return "italy_serie_a"
	case "french ligue 1":
		return "france_ligue_one"
	case "us major league soccer", "us mls":
		return "usa_mls"
	case "uefa champions league":
		return "uefa_champs_league"
	case "uefa europa league":
		return "uefa_europa_league"
	}
	return competition
}
