package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"corrgraph/server/config"
)

// configFlags select the configuration of the service.
type configFlags struct {
	Config string   `name:"config" placeholder:"FILE" help:"Configuration of the service (YAML). Without it, defaults apply."`
	Set    []string `name:"set" sep:"none" placeholder:"KEY=VALUE" help:"Set one key (limits.client_rate=500/s). Overrides the file and CORRGRAPH_ variables. Repeatable."`
}

// load reads the configuration and shows its warnings; errors in its content are
// bad data.
func (f *configFlags) load(a *app) (*config.Loaded, error) {
	l, err := f.read()
	if l != nil {
		for _, w := range l.Warnings {
			a.log("%s", w)
		}
	}
	return l, err
}

func (f *configFlags) read() (*config.Loaded, error) {
	l, err := config.Load(config.Options{Path: f.Config, Env: os.Environ(), Set: f.Set})
	if errors.Is(err, config.ErrInvalid) {
		return l, badData(err)
	}
	return l, err
}

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Check a configuration and report all its errors at once."`
	Print configPrintCmd `cmd:"" help:"Print the value of every key and its source."`
}

// configFile accepts the file with and without --config.
type configFile struct {
	configFlags
	File string `arg:"" optional:"" help:"The configuration, as with --config."`
}

// load reads the configuration given either way.
func (f *configFile) load(a *app) (*config.Loaded, error) {
	flags := f.configFlags
	if f.File != "" {
		if flags.Config != "" {
			return nil, usage(fmt.Errorf("two configurations, %s and %s; name one", f.File, flags.Config))
		}
		flags.Config = f.File
	}
	return flags.load(a)
}

type configCheckCmd struct {
	configFile
	Hup int `placeholder:"PID" help:"Make this running service reload it (SIGHUP), if it is valid."`
}

func (configCheckCmd) Help() string {
	return "Check before a start or a reload:\n\n    corrgraph config check config/staging/correlation-engine.yaml\n" +
		"    corrgraph config check --set limits.memory_ceiling=8GB /etc/corrgraph/correlation-engine.yaml\n" +
		"    corrgraph config check --hup $(pidof corrgraph) /etc/corrgraph/correlation-engine.yaml\n\n" +
		"The files it names (certificates, tokens) are not opened. Exit code 3: the configuration has errors." + codes
}

func (c *configCheckCmd) Run(a *app) error {
	l, err := c.load(a)
	var problems config.Problems
	if err != nil && !errors.As(err, &problems) {
		return err
	}
	answer := struct {
		Valid    bool            `json:"valid"`
		Set      int             `json:"set"` // number of keys not at their default
		Keys     int             `json:"keys"`
		Problems config.Problems `json:"problems"`
		Warnings []string        `json:"warnings"`
	}{Valid: err == nil, Problems: problems, Warnings: []string{}}
	if problems == nil {
		answer.Problems = config.Problems{}
	}
	if l != nil {
		answer.Warnings = append(answer.Warnings, l.Warnings...)
		for _, v := range l.Values() {
			answer.Keys++
			if v.Source != config.FromDefault {
				answer.Set++
			}
		}
	}
	printed := a.print(answer, func(w io.Writer) error {
		if problems != nil {
			_, err := fmt.Fprintln(w, problems)
			return err
		}
		_, err := fmt.Fprintf(w, "valid: %d of %d keys set, the others at their default\n", answer.Set, answer.Keys)
		return err
	})
	if problems != nil {
		err = badData(fmt.Errorf("%d errors in the configuration", len(problems)))
		if len(problems) == 1 {
			err = badData(errors.New("an error in the configuration"))
		}
	} else if c.Hup != 0 {
		err = hangUp(c.Hup)
	}
	return errors.Join(printed, err)
}

// hangUp asks a process to reload its configuration.
func hangUp(pid int) error {
	if pid < 1 {
		return fmt.Errorf("%d is not a process id", pid) // it would address a process group
	}
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Signal(syscall.SIGHUP)
	}
	if err != nil {
		return fmt.Errorf("process %d: %w", pid, err)
	}
	return nil
}

type configPrintCmd struct {
	configFile
	Reference bool `help:"Print the reference page of all keys (Markdown) instead."`
}

func (configPrintCmd) Help() string {
	return "What would the service run with, and where does each value come from?\n\n" +
		"    corrgraph config print config/production/correlation-engine.yaml\n" +
		"    corrgraph config print --json | jq '.values[] | select(.source != \"default\")'\n" +
		"    corrgraph config print --reference > docs/CONFIGURATION.md\n\n" +
		"The output is itself a valid configuration. It contains no secrets." + codes
}

func (c *configPrintCmd) Run(a *app) error {
	if c.Reference {
		if a.json {
			return usage(errors.New("--reference is a page of Markdown; leave out --json"))
		}
		return config.WriteReference(a.stdout)
	}
	l, err := c.load(a)
	if err != nil {
		return err
	}
	answer := struct {
		Values []config.Value `json:"values"`
	}{l.Values()}
	return a.print(answer, l.Print)
}
