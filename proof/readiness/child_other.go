//go:build !linux

package readiness

import "syscall"

// dieWithParent is for Linux alone.
func dieWithParent() *syscall.SysProcAttr { return nil }
