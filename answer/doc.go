// Package answer says what a store holds, for programs and for people: each
// answer is a plain struct with the JSON members that the interfaces promise,
// made by a pure function of stored results, and a Text method that writes it
// as a table.
//
// Nothing here opens a file, reads a clock or keeps state; all functions are
// safe for concurrent use. JSON holds no null list: an empty answer has [].
package answer
