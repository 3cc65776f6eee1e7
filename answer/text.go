package answer

import (
	"bytes"
	"encoding/json"
	"io"

	"corrgraph/internal/table"
)

// JSON writes v as indented JSON and a line break, in one Write.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Style selects the look of tables. The zero value is plain text.
type Style = table.Style

// Plain replaces control characters that a terminal would obey; see table.Plain.
func Plain(text string) string { return table.Plain(text) }
