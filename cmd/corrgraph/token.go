package main

import (
	"fmt"
	"io"
	"time"

	"corrgraph/server/access"
)

type tokenCmd struct {
	New tokenNewCmd `cmd:"" help:"Create a token and print it, this once, with its line for the token file."`
}

type tokenNewCmd struct {
	Name    string `required:"" placeholder:"NAME" help:"Owner: letters, digits, dots, dashes, underscores. Two tokens may share a name while one replaces the other."`
	Role    string `required:"" placeholder:"ROLE" help:"viewer (reads), operator (also sends ticks and reads the audit log) or admin (also injects faults and makes backups)."`
	Expires string `placeholder:"WHEN" help:"Expiry: a time such as 2026-12-31T00:00:00Z, or a duration from now such as 720h (default: never)."`
}

func (tokenNewCmd) Help() string {
	return "The token file (access.tokens_file) holds a hash; the token itself is printed only once:\n\n" +
		"    corrgraph token new --name desk --role viewer --expires 2160h\n\n" +
		"Append the second line to the file and send SIGHUP to the service. To replace a token, add one of\n" +
		"the same name, hand it out, then remove the old line." + codes
}

func (c *tokenNewCmd) Run(a *app) error {
	role, err := access.ParseRole(c.Role)
	if err != nil {
		return usage(err)
	}
	now := time.Now()
	expires, err := endOf(c.Expires, now)
	if err != nil {
		return usage(err)
	}
	t, secret, err := access.NewToken(c.Name, role, expires, now)
	if err != nil {
		return usage(err)
	}
	answer := struct {
		Token   string     `json:"token"`
		Line    string     `json:"line"`
		Name    string     `json:"name"`
		Role    string     `json:"role"`
		ID      string     `json:"id"`
		Expires *time.Time `json:"expires"`
	}{Token: secret, Line: t.Line(), Name: t.Name, Role: c.Role, ID: t.ID}
	if !t.Expires.IsZero() {
		answer.Expires = &t.Expires
	}
	return a.print(answer, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s\n%s\n", secret, t.Line())
		return err
	})
}

// endOf parses a time or a span from now; empty means no end.
func endOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if span, err := time.ParseDuration(text); err == nil {
		return now.Add(span), nil
	}
	return time.Time{}, fmt.Errorf("--expires %q: want a time like 2026-12-31T00:00:00Z, or a duration like 720h", text)
}
