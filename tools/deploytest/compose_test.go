package deploytest

import (
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// compose loads the compose file, which validates it against the schema of the
// Compose specification.
func compose(t *testing.T) types.ServiceConfig {
	t.Helper()
	o, err := cli.NewProjectOptions([]string{deploy + "docker/compose.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.GetService("corrgraph")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestComposeService(t *testing.T) {
	s := compose(t)
	if s.Build == nil || s.Build.Dockerfile != "deploy/docker/Dockerfile" {
		t.Errorf("built by %+v", s.Build)
	}
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.MemLimit != 4_800_000_000 {
		t.Errorf("read-only %v, drops %v, %v, memory %d", s.ReadOnly, s.CapDrop, s.SecurityOpt, s.MemLimit)
	}
	var targets []string
	for _, v := range s.Volumes {
		targets = append(targets, v.Target)
	}
	for _, path := range []string{"/var/lib/corrgraph", "/var/backups/corrgraph", "/etc/corrgraph/tls", "/etc/corrgraph/access"} {
		if !slices.Contains(targets, path) {
			t.Errorf("nothing is mounted at %s", path)
		}
	}
}
