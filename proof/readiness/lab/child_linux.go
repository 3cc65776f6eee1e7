package lab

import "syscall"

// DieWithParent makes the kernel end a child whose parent was killed: a scratch
// instance must not outlive its run.
func DieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
