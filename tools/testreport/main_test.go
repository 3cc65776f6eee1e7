package main

import (
	"strings"
	"testing"
)

const stream = `{"Action":"start","Package":"m/a"}
{"Action":"output","Package":"m/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"pass","Package":"m/a","Test":"TestOne","Elapsed":0.1}
{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"=== RUN   TestTwo\n"}
{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"    a_test.go:5: the recordings are not here\n"}
{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"--- SKIP: TestTwo (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestTwo"}
{"Action":"pass","Package":"m/a","Elapsed":1.25}
{"Action":"skip","Package":"m/untested"}
`

func TestReport(t *testing.T) {
	for name, c := range map[string]struct {
		in, want string
		ok       bool
	}{
		"good": {stream, "ok   m/a 1.2s\nskipped m/a TestTwo: the recordings are not here\n1 packages; 1 tests passed, 0 failed, 1 skipped\n", true},
		"failing": {
			`{"Action":"output","Package":"m/b","Test":"TestX","Output":"=== RUN   TestX\n"}
{"Action":"output","Package":"m/b","Test":"TestX","Output":"    b_test.go:1: got 2\n"}
{"Action":"fail","Package":"m/b","Test":"TestX"}
{"Action":"output","Package":"m/b","Output":"FAIL\n"}
{"Action":"output","Package":"m/b","Output":"FAIL\tm/b\t2.0s\n"}
{"Action":"fail","Package":"m/b","Elapsed":2}
`, "    b_test.go:1: got 2\nFAIL m/b 2.0s\n1 packages; 0 tests passed, 1 failed, 0 skipped\n", false,
		},
		"dying": {
			`{"Action":"output","Package":"m/b","Test":"TestX","Output":"panic: out of range\n"}
{"Action":"fail","Package":"m/b","Elapsed":2}
`, "panic: out of range\nFAIL m/b 2.0s\n1 packages; 0 tests passed, 0 failed, 0 skipped\n", false,
		},
		"not building": {
			`{"ImportPath":"m/c","Action":"build-output","Output":"c.go:1: syntax error\n"}
{"ImportPath":"m/c","Action":"build-fail"}
{"Action":"fail","Package":"m/c","FailedBuild":"m/c"}
`, "c.go:1: syntax error\nFAIL m/c 0.0s\n1 packages; 0 tests passed, 0 failed, 0 skipped\n", false,
		},
		"nothing": {"go: cannot find main module\n", "go: cannot find main module\n0 packages; 0 tests passed, 0 failed, 0 skipped\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			ok, err := report(strings.NewReader(c.in), &out)
			if ok != c.ok || err != nil || out.String() != c.want {
				t.Errorf("%v %v\n%s\nwant %v\n%s", ok, err, out.String(), c.ok, c.want)
			}
		})
	}
}
