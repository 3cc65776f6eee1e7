// Package stream reads any feed of prices that sends an image and then its changes, over
// server-sent events or a websocket, as a map in YAML describes it. A source that needs more than
// a map can say gets a package of its own.
//
// [Load] reads a [Map] and checks it; [NewDecoder] makes a [frames.Decoder] of one. What the keys
// mean is said at [Map] and, with examples, in docs/feeds/stream.md.
//
// # Paths
//
// "price" is a member of the row, "a.b" one inside another, "a[0]" the first element of an array.
// "/ts" begins at the message in place of the row. "[]" stands for each element of an array and
// "{}" for each member of an object: in rows it makes the rows, and a field that begins with the
// same, "/events[].id", means the one that its row is in. A path that ends in "@" is the name of
// a member in place of its value. "@event" is the name of a server-sent event, "@text" a whole
// message that is no JSON.
//
// # States
//
// A market is live from its image on, or, if the source sends none, from its first row on. It is
// in a gap when a number is left out, the source says so, or the connection is lost. If the
// source can go on where a connection ended ([Resume]), the books are kept and are live again as
// soon as what was missed has been sent: with the first heartbeat, or the first row that is
// stamped later than the connection.
//
// # Times
//
// A change is told at its row's ts_source, an image at that of its message, if ts_source is one
// of the message, else at its receipt: the stamp of a row in an image says when the price changed,
// not that it is so still. Nothing is told ahead of its receipt, nor before what was told of the
// same market already.
package stream
