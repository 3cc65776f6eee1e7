package feed

import "corrgraph/odds"

// Stats counts what one source, or one venue of a source, has sent so far.
type Stats struct {
	Source   string
	Venue    string // empty for the source as a whole
	Polled   bool
	Quotes   uint64            // quotes accepted
	Refused  map[string]uint64 // quotes refused, by reason; sources only
	Late     uint64            // of Quotes, those that came too late to be learnt from; sources only
	Last     odds.Time         // newest event time
	Received odds.Time         // wall clock of the newest quote; 0 if it was read back from the log
	Delay    odds.Millis       // receive time minus event time of the newest quote; a poll's venues: minus the venue's own stamp; 0 if read back
	Step     odds.Millis       // resolution of the source's stamps, 0 if unknown; sources only
	Missed   int               // polls that failed to arrive; sources only
	Skew     odds.Millis       // how far the event times are ahead of receipt, or their delay drifted, whichever is more; 0: as it should be
	Doubt    string            // the same in words
	CopyOf   string            // venue whose old prices it republishes; venues only
}
