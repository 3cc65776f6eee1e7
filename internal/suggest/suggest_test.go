package suggest

import "testing"

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"client_rte": "client_rate", "LAYERS": "layers", "alyers": "layers", "": "", "qqqq": "", "evry": "every"} {
		if got := Nearest(word, []string{"client_rate", "layers", "every", "x"}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
