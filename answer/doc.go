// Package answer turns the contents of a store into answers for programs and
// people. Each answer is a plain struct with the promised JSON members, made by a
// pure function of stored results, and has a Text method that writes it as a table.
//
// Nothing here opens a file, reads a clock or keeps state; all functions are safe
// for concurrent use. JSON has no null list: an empty answer has [].
package answer
