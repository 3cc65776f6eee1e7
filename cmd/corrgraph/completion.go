package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completeWord is the hidden command that the scripts below call with the words
// typed so far. It prints possible completions, one per line.
const completeWord = "__complete"

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (completionCmd) Help() string {
	return "    source <(corrgraph completion bash)\n    corrgraph completion fish > ~/.config/fish/completions/corrgraph.fish" + codes
}

// Run prints the script. Without completions the shell falls back to file names.
func (c *completionCmd) Run(a *app) error {
	script := map[string]string{
		"bash": `_corrgraph() {
    local IFS=$'\n'
    COMPREPLY=($(corrgraph __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _corrgraph corrgraph
`,
		"zsh": `#compdef corrgraph
_corrgraph() {
    local -a found
    found=("${(@f)$(corrgraph __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _corrgraph corrgraph
`,
		"fish": `complete -c corrgraph -a '(corrgraph __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
	}[c.Shell]
	_, err := io.WriteString(a.stdout, script)
	return err
}

// typed is a partially typed command line.
type typed struct {
	node *kong.Node // the innermost command so far
	flag *kong.Flag // the flag that takes the next value; nil: none
	db   string     // --db; empty: not given
	last string     // the word at the cursor
}

// readTyped parses the words of a command line, with the one at the cursor last.
func readTyped(model *kong.Application, words []string) typed {
	t := typed{node: model.Node}
	if len(words) == 0 {
		return t
	}
	t.last = words[len(words)-1]
	for _, word := range words[:len(words)-1] {
		if word == "=" { // bash splits --db=x into three words
			continue
		}
		name, isFlag := strings.CutPrefix(word, "--")
		name, value, assigned := strings.Cut(name, "=")
		switch {
		case t.flag != nil:
			if t.flag.Name == "db" {
				t.db = word
			}
			t.flag = nil
		case isFlag && assigned && name == "db":
			t.db = value
		case isFlag && !assigned:
			t.flag = valueFlag(t.node, name)
		case !isFlag:
			if child := childOf(t.node, word); child != nil {
				t.node = child
			}
		}
	}
	return t
}

// store returns the path of the store that the command line selects, by kong's
// rules; empty if the command takes none.
func (t *typed) store() string {
	f := valueFlag(t.node, "db")
	if f == nil || t.db != "" {
		return t.db
	}
	for _, name := range f.Envs {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return f.Default
}

// completions returns the completions of the word at the cursor, sorted: commands,
// flags, values of a flag or argument with a fixed set of them, or the ids of
// events, for which it calls events.
func completions(t *typed, events func() []string) (found []string) {
	offer := func(all ...string) {
		for _, s := range all {
			if s = strings.TrimSpace(s); s != "" && strings.HasPrefix(s, t.last) {
				found = append(found, s)
			}
		}
	}
	values := func(v *kong.Value) {
		offer(strings.Split(v.Enum, ",")...)
		if v.Name == "event" {
			offer(events()...)
		}
	}
	switch {
	case t.flag != nil:
		values(t.flag.Value)
	case strings.HasPrefix(t.last, "-"):
		for _, f := range flagsOf(t.node) {
			offer("--" + f.Name)
		}
	default:
		for _, c := range t.node.Children {
			if !c.Hidden {
				offer(c.Name)
			}
		}
		for _, p := range t.node.Positional {
			values(p)
		}
	}
	slices.Sort(found)
	return found
}

// complete prints the completions of words, one per line. An unreadable store has
// no events.
func (a *app) complete(ctx context.Context, model *kong.Application, words []string) error {
	t := readTyped(model, words)
	for _, c := range completions(&t, func() []string { return eventIDs(ctx, t.store()) }) {
		if _, err := fmt.Fprintln(a.stdout, c); err != nil {
			return err
		}
	}
	return nil
}

func eventIDs(ctx context.Context, path string) (ids []string) {
	st, err := openStore(ctx, path)
	if err != nil {
		return nil
	}
	defer st.Close()
	events, err := st.Events(ctx)
	if err != nil {
		return nil
	}
	for k := range events {
		ids = append(ids, events[k].ID)
	}
	return ids
}

// valueFlag finds a flag that takes a value; --name=value already has it.
func valueFlag(n *kong.Node, name string) *kong.Flag {
	for _, f := range flagsOf(n) {
		if f.Name == name && !f.IsBool() {
			return f
		}
	}
	return nil
}

func childOf(n *kong.Node, name string) *kong.Node {
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// flagsOf returns the flags of a node and of its ancestors.
func flagsOf(n *kong.Node) (all []*kong.Flag) {
	for ; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if !f.Hidden {
				all = append(all, f)
			}
		}
	}
	return all
}
