package config

import (
	"os"
	"testing"

	"go.yaml.in/yaml/v4"
)

const deploy = "../../deploy/"

func decoded[T any](t *testing.T, path string) (v T) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestKubernetesConfigurationIsValid loads what the ConfigMap holds.
func TestKubernetesConfigurationIsValid(t *testing.T) {
	m := decoded[struct{ Data map[string]string }](t, deploy+"kubernetes/config.yaml")
	c := loaded(t, Options{Path: written(t, m.Data["correlation-engine.yaml"])})
	if c.Server.Listen != "0.0.0.0:8443" || c.Limits.MemoryCeiling != 4e9 {
		t.Errorf("%+v", c)
	}
}

// TestComposeVariablesAreKeys loads the production configuration with the variables
// that the compose file sets.
func TestComposeVariablesAreKeys(t *testing.T) {
	p := decoded[struct {
		Services map[string]struct{ Environment map[string]string }
	}](t, deploy+"docker/compose.yaml")
	var env []string
	for name := range p.Services["corrgraph"].Environment {
		env = append(env, name+"=")
	}
	env = append(env, "CORRGRAPH_ACCESS_TOKENS_FILE=/etc/corrgraph/access/tokens")
	c := loaded(t, Options{Path: "../../config/production/correlation-engine.yaml", Env: env})
	if c.Telemetry.Tracing.Endpoint != "" || c.Access.TokensFile != "/etc/corrgraph/access/tokens" || len(env) < 3 {
		t.Errorf("variables %q give %+v", env, c)
	}
}
