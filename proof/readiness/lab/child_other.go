//go:build !linux

package lab

import "syscall"

// DieWithParent is for Linux alone.
func DieWithParent() *syscall.SysProcAttr { return nil }
