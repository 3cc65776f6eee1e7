package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completeWord is the hidden command that the scripts below call with the words
// typed so far. It prints what may come next, a line each.
const completeWord = "__complete"

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (completionCmd) Help() string {
	return "    source <(corrgraph completion bash)\n    corrgraph completion fish > ~/.config/fish/completions/corrgraph.fish" + codes
}

// Run prints the script. Where there is nothing to complete, shells complete file
// names.
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

func printCompletions(w io.Writer, model *kong.Application, words []string) error {
	for _, c := range completions(model, words) {
		if _, err := fmt.Fprintln(w, c); err != nil {
			return err
		}
	}
	return nil
}

// completions returns what the last word can become: commands, flags, or the
// values of a flag or argument that has a fixed set of them.
func completions(model *kong.Application, words []string) (found []string) {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	node := model.Node
	var flag *kong.Flag // the one whose value comes next
	for _, word := range words[:len(words)-1] {
		if flag != nil {
			flag = nil
			continue
		}
		if name, isFlag := strings.CutPrefix(word, "--"); isFlag {
			flag = valueFlag(node, name)
		} else if child := childOf(node, word); child != nil {
			node = child
		}
	}
	offer := func(s string) {
		if strings.HasPrefix(s, last) && s != "" {
			found = append(found, s)
		}
	}
	switch {
	case flag != nil:
		offerAll(flag.Enum, offer)
	case strings.HasPrefix(last, "-"):
		for _, f := range flagsOf(node) {
			offer("--" + f.Name)
		}
	default:
		for _, c := range node.Children {
			if !c.Hidden {
				offer(c.Name)
			}
		}
		for _, p := range node.Positional {
			offerAll(p.Enum, offer)
		}
	}
	slices.Sort(found)
	return found
}

func offerAll(enum string, offer func(string)) {
	for v := range strings.SplitSeq(enum, ",") {
		offer(strings.TrimSpace(v))
	}
}

// valueFlag finds a flag that takes a value; --name=value has it already.
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

// flagsOf returns the flags of a node and of those above it.
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
