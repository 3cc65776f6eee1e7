// Package catalog knows events, participants and the entities behind them, which
// spellings mean the same, and which pairs of nodes each layer watches.
package catalog
