// Package instance assembles a service from its configuration and runs it: the
// store, the live engine, the guards, monitoring, and the listener. It holds no
// logic of its own.
package instance
