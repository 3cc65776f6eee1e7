//go:build !linux

package lab

import "syscall"

// DieWithParent does something only on Linux.
func DieWithParent() *syscall.SysProcAttr { return nil }
