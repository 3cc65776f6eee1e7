// Package instance puts a service together from its configuration and runs it:
// the store, the live engine, the guards, what watches over them, and the
// listener. It holds no logic of its own; what a part does is in the part's package.
package instance
