package store

import (
	"encoding/json"

	"corrgraph/catalog/contract"
	"corrgraph/odds"
)

// Link is a person's decision on two bets, or on a name. The store does not read it.
type Link struct {
	ID     string // of the link: the newest decision on it is kept
	MadeAt odds.Time
	Actor  string
	Body   string // JSON: a contract.Decision
}

// Decisions reads rows; unread counts those that can't be, and have no effect.
func Decisions(rows []Link) (all []contract.Decision, unread int) {
	for _, r := range rows {
		var d contract.Decision
		if json.Unmarshal([]byte(r.Body), &d) != nil || d.ID != r.ID || d.Check() != nil {
			unread++
			continue
		}
		all = append(all, d)
	}
	return all, unread
}
