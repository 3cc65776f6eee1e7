// Package sameness judges whether the same records give the same answers, however they are
// processed.
//
// It makes a market of twelve sources that are late by up to a minute, each in its own way, and
// sends it to a service that lives in one process, without a network, in a bubble whose clock
// goes on only when nothing is left to do. Then it compares what is said: the service with one
// that was restarted from its log; one that died again and again with one that did not; a
// service that got the sources in one order with one that got them in another; a recording
// with the same served live; and a recording that is played at one speed with the same at another. All of what is said is compared as text, member by member.
//
// TestSameness runs a smaller form of it, and `make sameness` all of it.
package sameness
