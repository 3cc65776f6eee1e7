// Package edges detects edges that depart from their own history, and followers that did
// not answer their leader's move in time. It is the part of package detect that reads the
// graph, kept apart so that code which only shows prices does not depend on edges. Its
// functions are pure; time is event time.
package edges
