package keep

import (
	"path/filepath"
	"testing"

	"corrgraph/odds"
	"corrgraph/store/sqlite"
	"corrgraph/ticklog"
)

func TestDamageInABackupIsSeen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.db")
	st, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	var enc ticklog.Encoder
	for at := odds.Time(1); at <= 3; at++ {
		if _, err := st.Log().Append(t.Context(), enc.Pack([]*odds.Batch{{Source: "poll", At: at, Recv: at}})); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if blind, err := VerifiesDamage(t.Context(), path, filepath.Join(dir, "bad.db")); blind || err != nil {
		t.Errorf("blind %v, %v", blind, err)
	}
}
