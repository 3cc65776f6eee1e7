package main

import (
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestConfigCheckHangsUpOnASoundFileAlone(t *testing.T) {
	hup := make(chan os.Signal, 2)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	self := strconv.Itoa(os.Getpid())
	if r := call(t, "", "config", "check", "--hup", self, file(t, "bad.yaml", "nothing: 1\n")); r.code != codeData {
		t.Errorf("%+v", r)
	}
	if r := call(t, "", "config", "check", "--hup=-1"); r.code != codeFailed || !strings.Contains(r.errors, "not a process") { // it would address all processes
		t.Errorf("%+v", r)
	}
	must(t, "config", "check", "--hup", self)
	<-hup
	if len(hup) > 0 {
		t.Error("a second signal came")
	}
}
