// Package board keeps what venues show: sources and their clocks, events and their
// markets, each venue's book of each market, the series of every selection, and the
// consensus of venues. It takes batches in event-time order and says what moved;
// what follows from that is for others to know.
//
// A Board is for one goroutine. Its exported fields are there to be read: nobody else
// writes them, but for those that say so.
package board
