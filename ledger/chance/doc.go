// Package chance states how probable it is that a follower will follow, and learns from the
// outcomes.
//
// Each league has a small logistic regression that is updated by every outcome: a Gaussian
// posterior, one step of Laplace's approximation an outcome (as in Spiegelhalter and
// Lauritzen 1990). Its prior is what all leagues together have learnt by then, so a new
// league starts there, at the common rate, with the weight of about 20 outcomes. Followers
// and markets have an offset each. What a follower and a family did before enters as a rate
// that is shrunk to the league's rate. What the regression says is recalibrated by how its
// own earlier probabilities turned out (Platt 1999), each one scored before it was learnt.
//
// A Model knows no clock and no rule of what a hit is: the owner hands over an outcome when
// it has received it. Two rules need two models. The same calls in the same order give the
// same bits, before and after a restart. Probabilities lie in [0.001, 0.999].
package chance
