package readiness

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"corrgraph/answer"
	"corrgraph/server/service"
)

// Text writes the matrix for people: a line per gate, then the evidence of those
// that do not pass, or of all with whole set, and the conclusion.
func Text(w io.Writer, r *service.Readiness, now time.Time, whole bool, style answer.Style) error {
	rows := [][]string{{"Gate", "Severity", "Status", "Measured", "Threshold", "Run"}}
	for i := range r.Gates {
		g := &r.Gates[i]
		rows = append(rows, []string{g.Name, g.Severity, g.Status, dash(g.Measured), g.Threshold, ago(g.LastChecked, now)})
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(answer.Plain(cell)))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", style.Bold("Readiness of "+r.Component))
	for n, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			cell = answer.Plain(cell)
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2)
			if n == 0 || i == 2 && cell != Pass {
				cell = style.Bold(cell)
			}
			line.WriteString(cell + pad)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	for i := range r.Gates {
		if g := &r.Gates[i]; (whole || g.Status != Pass) && g.Evidence != "" {
			fmt.Fprintf(&b, "\n%s %s: %s\n  see %s\n", style.Bold(g.Name), g.Status, answer.Plain(g.Evidence), answer.Plain(g.Runbook))
		}
	}
	fmt.Fprintf(&b, "\n%d of %d pass, %d fail (%d critical), %d pending: %s\n", r.Passed, r.Total, r.Failed, r.Blockers, r.Pending, style.Bold(Sentence(r)))
	_, err := io.WriteString(w, b.String())
	return err
}

// Sentence says whether production is authorised, and if not, why.
func Sentence(r *service.Readiness) string {
	var why []string
	if r.Blockers > 0 {
		why = append(why, fmt.Sprintf("critical gates fail: %s", strings.Join(with(r, func(g *service.Gate) bool { return g.Severity == Critical && g.Status == Fail }), ", ")))
	}
	if r.Pending > 0 {
		why = append(why, fmt.Sprintf("gates pending: %s", strings.Join(with(r, func(g *service.Gate) bool { return g.Status == Pending }), ", ")))
	}
	switch {
	case r.Authorised:
		return "production is authorised"
	case len(why) == 0:
		return "production is not authorised: there are no gates"
	}
	return "production is not authorised: " + strings.Join(why, "; ")
}

// with names the gates of a kind.
func with(r *service.Readiness, is func(*service.Gate) bool) (names []string) {
	for i := range r.Gates {
		if is(&r.Gates[i]) {
			names = append(names, r.Gates[i].Name)
		}
	}
	return names
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// ago returns an approximate age.
func ago(at *time.Time, now time.Time) string {
	if at == nil {
		return "never"
	}
	switch d := now.Sub(*at); {
	case d < 2*time.Minute:
		return "now"
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min ago", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h ago", d.Hours())
	default:
		return fmt.Sprintf("%.0f d ago", d.Hours()/24)
	}
}
