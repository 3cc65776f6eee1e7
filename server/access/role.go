// Package access defines who may do what: roles, and the bearer tokens that carry
// them. A token is shown once, when it is made; the tokens file holds enough to
// recognise it but not to forge it.
//
// The hash is one salted SHA-256. Slow hashes (bcrypt, argon2) protect guessable
// passwords; a token is 256 random bits, which cannot be guessed however fast the
// hash is, and a slow hash on thousands of requests per second would itself be an
// overload. The salt hides that two files hold the same token.
//
// [Tokens] are immutable and safe for concurrent use.
package access

import "fmt"

// Role is what an actor may do. Each role includes the ones below it.
type Role int

// The roles, lowest first.
const (
	Nobody   Role = iota
	Viewer        // read
	Operator      // send ticks, acknowledge, read the audit log
	Admin         // inject faults, read profiles, make backups
)

// String returns the role's name in tokens files and messages, "none" for Nobody.
func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Operator:
		return "operator"
	case Admin:
		return "admin"
	}
	return "none"
}

// ParseRole reads "viewer", "operator" or "admin". Anything else is an error,
// "none" included.
func ParseRole(s string) (Role, error) {
	for r := Viewer; r <= Admin; r++ {
		if s == r.String() {
			return r, nil
		}
	}
	return Nobody, fmt.Errorf("role %q: want viewer, operator or admin", s)
}
