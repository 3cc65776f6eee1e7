// Package paths measures lead and lag between two irregular series of ticks, as a user brings
// them: the event correlogram ([Correlogram]) and the Hayashi–Yoshida contrast
// ([HayashiYoshida]) with the lead–lag ratio of Huth and Abergel, the published second
// opinion on what package leadlag finds. [Answer] is all of it for the leadlag command.
// All functions are pure.
//
// Times are whole milliseconds. A positive lag means that a leads b: b moves that much
// later than a.
package paths
