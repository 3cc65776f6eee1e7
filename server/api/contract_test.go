package api

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAGeneratedClientUnderstandsEveryAnswer lets tools/contract generate a client
// from the OpenAPI document, in a temporary folder, and query a real server with
// it.
func TestAGeneratedClientUnderstandsEveryAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("generating and compiling a client takes half a minute")
	}
	g := warm(t)
	s := httptest.NewServer(g.api)
	defer s.Close()
	tools, err := filepath.Abs(filepath.Join("..", "..", "tools"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "go", "run", "./contract", "-url", s.URL)
	c.Dir = tools
	c.Env = append(os.Environ(), "CORRGRAPH_TOKEN="+g.secrets["operator"])
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
