package readiness

import "syscall"

// dieWithParent has the kernel end a child whose parent was killed: a scratch
// instance must not outlive its run.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
