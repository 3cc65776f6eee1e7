package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
)

// manualCmd writes the manual: one page for the program and one per command, in the
// Markdown that go-md2man turns into man pages. It serves releases; users get the
// pages.
type manualCmd struct {
	Dir string `arg:"" help:"Folder to write NAME.1.md files to."`
}

func (c *manualCmd) Run(k *kong.Context) error {
	for name, text := range manual(k.Model, thisVersion()) {
		if err := os.WriteFile(filepath.Join(c.Dir, name+".1.md"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// manual returns the pages by name. They depend only on the declaration of the
// commands and on the version.
func manual(model *kong.Application, v version) map[string]string {
	var b strings.Builder
	openPage(&b, "corrgraph", model.Help, v)
	b.WriteString("# SYNOPSIS\n\n**corrgraph** *command* [*flags*]\n\n# DESCRIPTION\n\n" + escape(model.Help) + "\n\n# COMMANDS\n\n")
	pages := map[string]string{}
	for _, c := range model.Children {
		if c.Hidden {
			continue
		}
		page := "corrgraph-" + c.Name
		define(&b, "**"+page+"**(1)", c.Help)
		pages[page] = commandPage(page, c, v)
	}
	b.WriteString("# OPTIONS\n\n")
	writeFlags(&b, model.Node)
	b.WriteString("# EXIT STATUS\n\n" + escape(strings.TrimPrefix(strings.TrimSpace(codes), "Exit codes: ")) + "\n")
	pages["corrgraph"] = b.String()
	return pages
}

// commandPage returns the page of a command, or of all its subcommands.
func commandPage(page string, c *kong.Node, v version) string {
	leaves, headings := []*kong.Node{c}, false
	if len(c.Children) > 0 {
		leaves, headings = c.Leaves(true), true
	}
	var b strings.Builder
	openPage(&b, page, c.Help, v)
	b.WriteString("# SYNOPSIS\n\n")
	for _, leaf := range leaves {
		b.WriteString("**" + escape(leaf.FullPath()) + "** [*flags*]" + escape(arguments(leaf)) + "\n\n")
	}
	for _, leaf := range leaves {
		heading := "# DESCRIPTION"
		if headings {
			heading = "# " + strings.ToUpper(strings.TrimPrefix(leaf.FullPath(), "corrgraph ")) + "\n\n" + escape(leaf.Help)
		}
		b.WriteString(heading + "\n\n" + escapeText(leaf.Detail) + "\n\n")
		writeArguments(&b, leaf)
		writeFlags(&b, leaf)
	}
	b.WriteString("# SEE ALSO\n\n**corrgraph**(1)\n")
	return b.String()
}

func openPage(b *strings.Builder, page, help string, v version) {
	day, _, _ := strings.Cut(v.Date, "T")
	fmt.Fprintf(b, "%% %s 1 %q %q %q\n\n# NAME\n\n%s - %s\n\n", strings.ToUpper(page), day, "corrgraph "+v.Version, "corrgraph manual", page, escape(help))
}

// arguments returns the positional arguments of a command, as in its usage.
func arguments(n *kong.Node) (text string) {
	for _, p := range n.Positional {
		text += " " + p.Summary()
	}
	return text
}

func writeArguments(b *strings.Builder, n *kong.Node) {
	for _, p := range n.Positional {
		define(b, escape(p.Summary()), p.Help)
	}
}

// writeFlags writes a node's own flags; global flags are on the program's page.
func writeFlags(b *strings.Builder, n *kong.Node) {
	for _, f := range n.Flags {
		if f.Hidden {
			continue
		}
		name := "**--" + f.Name + "**"
		if f.Short != 0 {
			name = "**-" + string(f.Short) + "**, " + name
		}
		if !f.IsBool() {
			name += "=*" + escape(f.FormatPlaceHolder()) + "*"
		}
		define(b, name, f.Help)
	}
}

// define writes a term, already in Markdown, and its definition.
func define(b *strings.Builder, term, help string) {
	b.WriteString(term + "\n: " + escape(help) + "\n\n")
}

// escapeText escapes a text except indented lines, which are examples.
func escapeText(text string) string {
	lines := strings.Split(text, "\n")
	for k, line := range lines {
		if !strings.HasPrefix(line, "    ") {
			lines[k] = escape(line)
		}
	}
	return strings.Join(lines, "\n")
}

// escape protects a text from Markdown.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "<", `\<`, "|", `\|`).Replace(text)
}
