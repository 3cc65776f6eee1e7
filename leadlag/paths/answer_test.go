package paths

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadCSV(t *testing.T) {
	p, err := ReadCSV("a.csv", strings.NewReader("\ufefft_ms,value\r\n1,2.5\r\n1,-3e2\r\n\r\n 7 , 1\n"))
	if err != nil || !slices.Equal(p.T, []int64{1, 7}) || !slices.Equal(p.V, []float64{-300, 1}) {
		t.Errorf("got %v, %v", p, err)
	}
	if p, err := ReadCSV("a.csv", strings.NewReader("t_ms,value")); err != nil || len(p.T) != 0 {
		t.Errorf("header alone: %v, %v", p, err)
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "a.csv: empty, want the header t_ms,value",
		"time,value\n":                    `a.csv:1: the header is "time,value", want t_ms,value`,
		"1,2\n":                           `a.csv:1: the header is "1,2", want t_ms,value`,
		"t_ms,value\n1\n":                 `a.csv:2: "1" is not t_ms,value`,
		"t_ms,value\n1,2,3\n":             `a.csv:2: "1,2,3" is not t_ms,value`,
		"t_ms,value\n1,2\n1.5,2\n":        `a.csv:3: t_ms is "1.5", want whole milliseconds`,
		"t_ms,value\n\n1,NaN\n":           `a.csv:3: value is "NaN", want a finite number`,
		"t_ms,value\n1,-Inf\n":            `a.csv:2: value is "-Inf", want a finite number`,
		"t_ms,value\n1,1e400\n":           `a.csv:2: value is "1e400", want a finite number`,
		"t_ms,value\n1,1e80\n":            `a.csv:2: value 1e+80 is out of range`,
		"t_ms,value\n1,\n":                `a.csv:2: value is "", want a finite number`,
		"t_ms,value\n2,1\n1,1\n":          `a.csv:3: t_ms 1 is before the previous 2`,
		"t_ms,value\n99999999999999999,1": `a.csv:2: time 99999999999999999 is out of range`,
		"t_ms,value\n" + strings.Repeat("x", 1<<17): "a.csv:2: the line is too long",
	} {
		_, err := ReadCSV("a.csv", strings.NewReader(text))
		var bad *InputError
		if !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
	_, err := ReadCSV("a.csv", iotest.ErrReader(io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "a.csv") {
		t.Errorf("a failing reader: %v", err)
	}
}

func TestClean(t *testing.T) {
	p := Path{[]int64{1, 1, 2, 3, 3, 3}, []float64{1, 2, 3, 4, 5, 6}}
	got, err := Clean(p)
	if err != nil || !slices.Equal(got.T, []int64{1, 2, 3}) || !slices.Equal(got.V, []float64{2, 3, 6}) {
		t.Errorf("got %v, %v", got, err)
	}
	if p.V[0] != 1 || len(p.T) != 6 {
		t.Error("the path given was modified")
	}
	for name, bad := range map[string]Path{
		"lengths":    {[]int64{1}, nil},
		"decreasing": {[]int64{2, 1}, []float64{1, 1}},
		"NaN":        {[]int64{1}, []float64{math.NaN()}},
		"infinite":   {[]int64{1}, []float64{math.Inf(-1)}},
		"far":        {[]int64{math.MinInt64}, []float64{1}},
	} {
		if _, err := Clean(bad); !errors.Is(err, ErrPath) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseGrid(t *testing.T) {
	grid, err := ParseGrid("-30000:30000:1000")
	if err != nil || len(grid) != 61 || grid[0] != -30000 || grid[60] != 30000 {
		t.Errorf("got %v, %v", grid, err)
	}
	if grid, err := ParseGrid(" 0:10:4 "); err != nil || !slices.Equal(grid, []int64{0, 4, 8}) {
		t.Errorf("got %v, %v", grid, err)
	}
	for _, bad := range []string{"", "1:2", "1:2:3:4", "a:2:1", "2:1:1", "0:1:0", "0:1:-1", "0:1e3:1", "0:1000000:1", "-9223372036854775808:0:1", "0:9223372036854775807:1"} {
		if grid, err := ParseGrid(bad); err == nil {
			t.Errorf("%q: %d lags, want an error", bad, len(grid))
		}
	}
}

func TestReadGrid(t *testing.T) {
	grid, err := ReadGrid("g", strings.NewReader("# ms\n-10\n\n0\n1000\n"))
	if err != nil || !slices.Equal(grid, []int64{-10, 0, 1000}) {
		t.Errorf("got %v, %v", grid, err)
	}
	for text, want := range map[string]string{
		"":           "g: no lag in it",
		"# only\n":   "g: no lag in it",
		"1\n1\n":     "g:2: lag 1 is not above the previous 1",
		"1\n\n0.5\n": `g:3: "0.5" is not a whole number of ms`,
	} {
		if _, err := ReadGrid("g", strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// TestAnswerJSON checks the members other programs rely on.
func TestAnswerJSON(t *testing.T) {
	a := Path{[]int64{0, 100, 200}, []float64{0, 3, -1}}
	b := Path{[]int64{50, 150, 250}, []float64{0, 6, -2}}
	got := answerJSON(t, a, b, []int64{0, 50})
	for _, want := range []string{
		`"defined":true`, `"lags_ms":[0,50]`, `"rho":[0.52,1]`, `"overlaps":[3,2]`, `"ss_a":25`, `"ss_b":100`,
		`"best_lag_ms":50`, `"best_rho":1`, `"beta":2`, `"llr":null`, `"events":{"edges_ms":[20,23,`, `"ab":{"U":[0,`, `"ba":{"U":[0,`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	got = answerJSON(t, Path{}, Path{}, []int64{0})
	for _, want := range []string{`"defined":false`, `"rho":[0]`, `"z":[0]`, `"overlaps":[0]`, `"best_lag_ms":null`, `"best_rho":null`, `"beta":null`, `"llr":null`, `"N":[0,`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func answerJSON(t *testing.T, a, b Path, grid []int64) string {
	t.Helper()
	text, err := json.Marshal(Answer(a, b, grid))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzAnswer: any bytes give an error or an answer that JSON can represent.
func FuzzAnswer(f *testing.F) {
	f.Add("t_ms,value\n1,2\n30,4\n", "t_ms,value\n1,2\n31,1e75\n", "0\n30\n")
	f.Add("t_ms,value\n1,1e-160\n30,-1e75\n55,3\n", "t_ms,value\n1,2e-300\n31,0\n60,-1e75\n", "-9007199254740992\n0\n9007199254740992\n")
	f.Add("t_ms,value\n-9007199254740992,1\n9007199254740992,2\n", "t_ms,value\n", "1")
	f.Fuzz(func(t *testing.T, a, b, g string) {
		x, err1 := ReadCSV("a", strings.NewReader(a))
		y, err2 := ReadCSV("b", strings.NewReader(b))
		grid, err3 := ReadGrid("g", strings.NewReader(g))
		if err1 != nil || err2 != nil || err3 != nil {
			return
		}
		if _, err := json.Marshal(Answer(x, y, grid)); err != nil {
			t.Fatal(err)
		}
	})
}
