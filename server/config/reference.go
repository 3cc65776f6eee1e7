package config

import (
	"bufio"
	"io"
	"strings"
)

// WriteReference writes the reference page in Markdown.
func WriteReference(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString(preface)
	for _, f := range root() {
		writeSection(b, &f)
	}
	return b.Flush()
}

const preface = "# Configuration\n\n" +
	"Written by `corrgraph config print --reference` from the declaration in package [config](../server/config); do not edit.\n\n" +
	"`corrgraph serve --config FILE` reads one YAML file. A variable overrides the file, `--set section.key=value` the variable. " +
	"Omitted keys take their defaults. An unknown or repeated key, a wrong type or a missing unit is an error, with its line. " +
	"`corrgraph config check` lists all of them, `corrgraph config print` shows the value and the source of every key.\n\n" +
	"- **Durations** have units: `50ms`, `90s`, `1h30m`, `7d`, `2w`.\n" +
	"- **Sizes** are powers of 1000 (`KB`, `MB`, `GB`, `TB`) or of 1024 (`KiB`, `MiB`, `GiB`, `TiB`).\n" +
	"- **Rates** have a period: `1000/s`, `90/m`, `5/h`.\n" +
	"- **Lists** in a variable or setting are YAML: `--set 'chaos.schedule=[]'`.\n" +
	"- **SIGHUP** applies the keys marked *reload*. Changes of others are reported and need a restart.\n\n" +
	"The variable of `limits.client_rate` is `CORRGRAPH_LIMITS_CLIENT_RATE`, and so on. One that begins with the name of a section but is not a key is an error.\n"

// writeSection writes a section and all keys below it as one table.
func writeSection(b *bufio.Writer, f *field) {
	b.WriteString("\n## " + f.key + "\n\n" + f.doc + "\n")
	if f.list() {
		b.WriteString("\nA list. Each element:\n")
	}
	writeTable(b, f.fields)
	for _, g := range flat(f.fields) {
		if g.list() {
			b.WriteString("\nEach element of `" + g.key + "`:\n")
			writeTable(b, g.fields)
		}
	}
}

// flat returns keys, each section followed by its own keys.
func flat(fields []field) (out []field) {
	for _, f := range fields {
		out = append(out, f)
		if f.section() {
			out = append(out, flat(f.fields)...)
		}
	}
	return out
}

func writeTable(b *bufio.Writer, fields []field) {
	b.WriteString("\n| key | value | default | |\n|---|---|---|---|\n")
	for _, f := range flat(fields) {
		if f.section() {
			b.WriteString("| **`" + f.key + "`** | | | " + f.doc + " |\n")
			continue
		}
		meaning := f.doc
		if f.reload {
			meaning += " *reload*"
		}
		value := f.kind()
		if l := f.bounds(); l != "" {
			value += ", " + l
		}
		def := "–"
		if f.def != "" {
			def = "`" + f.def + "`"
		}
		b.WriteString("| " + strings.Join([]string{"`" + f.key + "`", value, def, meaning}, " | ") + " |\n")
	}
}
