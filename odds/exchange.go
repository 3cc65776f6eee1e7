package odds

import "strings"

// exchanges are the keys of venues at which bettors bet with each other, as The Odds API and
// the feeds of this program name them. A key may go on after an underscore.
var exchanges = []string{
	"betfair", "betfair_ex", "matchbook", "smarkets", "betdaq", "prophetx", "prophet_exchange", "novig", "sporttrade", "betopenly",
	"kalshi", "polymarket", "robinhood", "cryptocom",
}

// IsExchange reports whether a venue is known to be a betting exchange or a prediction market,
// which takes a fee on what is won, or on the bet. A bookmaker's margin is in its prices.
// Betfair's bookmaker, betfair_sb, is none.
func IsExchange(venue string) bool {
	venue = strings.ToLower(venue)
	if strings.HasPrefix(venue, "betfair_sb") {
		return false
	}
	for _, x := range exchanges {
		if venue == x || strings.HasPrefix(venue, x+"_") {
			return true
		}
	}
	return false
}
