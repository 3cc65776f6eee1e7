package answer

import (
	"bytes"
	"encoding/json"
	"io"

	"corrgraph/internal/table"
	"corrgraph/odds"
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

// Style says how tables look. The zero value is plain text.
type Style = table.Style

// Plain replaces what a terminal would take for an order; see table.Plain.
func Plain(text string) string { return table.Plain(text) }

// bandPaint is the colour of a confidence.
func bandPaint(b odds.Band) table.Paint {
	switch b {
	case odds.High:
		return table.Green
	case odds.Medium:
		return table.Yellow
	}
	return table.Dim
}
