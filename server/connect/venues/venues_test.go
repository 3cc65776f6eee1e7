package venues

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corrgraph/server/config"
)

// TestEveryVenueOfTheConfigurationIsThere, with what it needs at least.
func TestEveryVenueOfTheConfigurationIsThere(t *testing.T) {
	for _, c := range []config.Connection{
		{Venue: "polymarket", Leagues: "mlb, nba"},
		{Venue: "kalshi"},
		{Venue: "betfair"},
		{Venue: "odds-api", Sports: "baseball_mlb"},
		{Venue: "polymarket", Leagues: "mlb", URL: "http://127.0.0.1:9000"},
		{Venue: "kalshi", URL: "https://demo"},
		{Venue: "betfair", URL: "https://test:443"},
	} {
		if v, err := New(&c, filepath.Join(t.TempDir(), "x")); err != nil || v.Name() != c.Venue || v.Decoder() == nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestAWrongConnectionNamesItsKey, and what would be right.
func TestAWrongConnectionNamesItsKey(t *testing.T) {
	for _, c := range []struct {
		of   config.Connection
		want string
	}{
		{config.Connection{Venue: "pinnacle"}, "known are polymarket"},
		{config.Connection{Venue: "kalshi", URL: "wss://host"}, "url: want http://host:port"},
		{config.Connection{Venue: "kalshi", URL: "https://me:secret@host"}, "files or environment variables"},
		{config.Connection{Venue: "odds-api", URL: "https://host/?apiKey=secret", Sports: "x"}, "no key"},
		{config.Connection{Venue: "odds-api"}, "no sport"},
		{config.Connection{Venue: "stream", Map: "none.yaml"}, "none.yaml"},
	} {
		_, err := New(&c.of, "x")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%+v: %v, want %q", c.of, err, c.want)
		}
	}
}

// TestSecrets come from a file or a variable, and no error holds one.
func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("kalshi_key_id", " abc\n", 0o600)
	write("open", "abc", 0o644)
	write("empty", "\n", 0o600)
	write("long", strings.Repeat("abc", mostSecret), 0o600)
	files := Secrets(dir, nil)
	if v, err := files("kalshi_key_id"); v != "abc" || err != nil {
		t.Error(v, err)
	}
	for name, want := range map[string]string{"open": "chmod 0600", "empty": "is empty", "long": "is no key", "none": "there is no file", "../../etc/hostname": "there is no file"} {
		if v, err := files(name); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "abc") || name != "open" && v != "" {
			t.Errorf("%s: %q, %v", name, v, err)
		}
	}
	vars := Secrets("", func(key string) (string, bool) { return "abc", key == "CORRGRAPH_SECRET_ODDS_API" })
	if v, err := vars("odds-api"); v != "abc" || err != nil {
		t.Error(v, err)
	}
	if _, err := vars("kalshi_key_id"); err == nil || !strings.Contains(err.Error(), "CORRGRAPH_SECRET_KALSHI_KEY_ID is not set") {
		t.Error(err)
	}
}
