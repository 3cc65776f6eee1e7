package config

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"corrgraph/internal/suggest"
)

// largest is the maximum size of a configuration file in bytes.
const largest = 1 << 20

// Options select the sources of a configuration. The zero value gives the defaults.
type Options struct {
	Path string   // YAML file; "": none
	Env  []string // NAME=value, as from os.Environ; no other variables are read
	Set  []string // section.key=value; for a repeated key the last one counts
}

// Source is the kind of source of a value.
type Source string

// The sources, in ascending precedence.
const (
	FromDefault Source = "default"
	FromFile    Source = "file"
	FromEnv     Source = "env"
	FromFlag    Source = "flag"
)

// Origin is the source of a value.
type Origin struct {
	Source Source
	Where  string // file:line, name of the variable, or --set; "" for a default
}

// Loaded is a valid configuration with the origins of its values. It is not
// modified after Load.
type Loaded struct {
	Config
	Warnings []string // about variables that resemble keys, and venues that resemble others

	origins map[string]Origin // of keys not at their default
}

// Origin returns the origin of a key's value. An unknown key is a default.
func (l *Loaded) Origin(key string) Origin {
	if o, ok := l.origins[key]; ok {
		return o
	}
	return Origin{Source: FromDefault}
}

// Load reads and validates a configuration. Errors in its content are a Problems
// with everything found; an unreadable file is an *fs.PathError.
func Load(o Options) (*Loaded, error) {
	l := &Loaded{Config: Default(), origins: map[string]Origin{}}
	var problems Problems
	if o.Path != "" {
		data, err := read(o.Path)
		if err != nil {
			return nil, err
		}
		problems = l.file(o.Path, data)
	}
	problems = append(problems, l.environment(o.Env)...)
	problems = append(problems, l.settings(o.Set)...)
	if problems == nil {
		problems = l.problems()
	} else { // keys can't be checked together while some are unreadable
		problems = append(problems, l.limits()...)
	}
	l.Warnings = append(l.Warnings, l.strangers()...)
	for i := range problems {
		if p := &problems[i]; p.Where == "" {
			p.Where = l.Origin(strings.SplitN(p.Key, "[", 2)[0]).Where
		}
	}
	return l, problems.asError()
}

// read returns the content of a file that is not too large for a configuration.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if len(data) > largest {
		return nil, Problems{{Where: path, Text: fmt.Sprintf("has more than %d bytes: too large for a configuration", largest)}}
	}
	return data, nil
}

// file applies a YAML text.
func (l *Loaded) file(name string, data []byte) Problems {
	d := decoder{name: name, set: func(key, where string) { l.origins[key] = Origin{FromFile, where} }}
	if n := d.document(bytes.NewReader(data)); n != nil {
		d.mapping(n, root(), "", reflect.ValueOf(&l.Config).Elem())
	}
	return d.problems
}

// environment applies variables. One that begins with the name of a section but is
// not a key is a problem; any other may belong to another program, and is a warning
// if it resembles a key.
func (l *Loaded) environment(env []string) (problems Problems) {
	byName := map[string]*field{}
	var known []string
	for _, f := range leaves() {
		byName[variable(f.key)] = &f
		known = append(known, strings.TrimPrefix(variable(f.key), envPrefix))
	}
	for _, pair := range slices.Sorted(slices.Values(env)) {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		if f, ok := byName[name]; ok {
			problems = append(problems, l.override(f, value, Origin{FromEnv, name})...)
			continue
		}
		near := suggest.Nearest(strings.TrimPrefix(name, envPrefix), known)
		if near != "" {
			near = envPrefix + near
		}
		switch {
		case ofSection(name):
			problems.add(name, "", "no key has this variable%s", meant(near))
		case near != "":
			l.Warnings = append(l.Warnings, fmt.Sprintf("%s is ignored: no key has this variable%s", name, meant(near)))
		}
	}
	return problems
}

// ofSection reports whether a variable begins with the name of a section.
func ofSection(name string) bool {
	return slices.ContainsFunc(root(), func(f field) bool { return strings.HasPrefix(name, variable(f.key)+"_") })
}

// meant returns the end of a message that suggests a name, if there is one.
func meant(near string) string {
	if near == "" {
		return ""
	}
	return "; did you mean " + near + "?"
}

// settings applies texts like section.key=value.
func (l *Loaded) settings(set []string) (problems Problems) {
	const where = "--set"
	for _, s := range set {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			problems.add(where, key, "want section.key=value")
			continue
		}
		all := leaves()
		i := slices.IndexFunc(all, func(f field) bool { return f.key == key })
		if i < 0 {
			prefix, name := "", key
			if dot := strings.LastIndexByte(key, '.'); dot >= 0 {
				prefix, name = key[:dot], key[dot+1:]
			}
			problems.add(where, key, "unknown key%s", meant(nearestKey(prefix, name)))
			continue
		}
		problems = append(problems, l.override(&all[i], value, Origin{FromFlag, where})...)
	}
	return problems
}

// override sets one key.
func (l *Loaded) override(f *field, text string, from Origin) (problems Problems) {
	var v reflect.Value
	walk(root(), reflect.ValueOf(&l.Config).Elem(), func(g *field, value reflect.Value) {
		if g.key == f.key {
			v = value
		}
	})
	if f.list() {
		problems = setList(f, v, text, from.Where)
	} else if err := parse(v, text); err != nil {
		problems.add(from.Where, f.key, "%v", err)
	}
	if problems == nil {
		l.origins[f.key] = from
	}
	return problems
}
