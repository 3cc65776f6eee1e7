package api

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"corrgraph/server/access"
	"corrgraph/server/guard"
	"corrgraph/server/service"
)

// identify returns the actor of a request and the key under which its requests are
// limited.
func (a *API) identify(r *http.Request) (who service.Actor, key string, p *Problem) {
	head := r.Header["Authorization"]
	set := a.settings.Load()
	if len(head) == 0 {
		key = guard.AddressKey(r.RemoteAddr)
		return service.Actor{Name: "anonymous@" + strings.TrimPrefix(key, "address "), Role: set.Anonymous}, key, nil
	}
	secret, ok := bearer(head)
	if !ok {
		return a.stranger(r, "want one header \"Authorization: Bearer TOKEN\"")
	}
	t, err := set.Tokens.Find(secret, a.o.Clock())
	switch {
	case errors.Is(err, access.ErrExpired):
		return a.stranger(r, "the token has expired")
	case err != nil:
		return a.stranger(r, "the token is not known here")
	}
	return service.Actor{Name: t.Name, Role: t.Role}, t.Name, nil
}

// stranger is the actor of a request with an invalid token. It is limited by
// address, so that guessing has a cost.
func (a *API) stranger(r *http.Request, why string) (service.Actor, string, *Problem) {
	key := guard.AddressKey(r.RemoteAddr)
	return service.Actor{Name: "unknown@" + strings.TrimPrefix(key, "address ")}, key, problem(http.StatusUnauthorized, why)
}

func bearer(head []string) (string, bool) {
	const scheme = "bearer "
	if len(head) != 1 || len(head[0]) <= len(scheme) || !strings.EqualFold(head[0][:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(head[0][len(scheme):]), true
}

// admit checks that an actor may use a route.
func admit(who service.Actor, rt *route, authenticated bool) *Problem {
	switch {
	case who.Role >= rt.role:
		return nil
	case !authenticated:
		return problem(http.StatusUnauthorized, "this needs a token with role "+rt.role.String()+" or higher")
	}
	return problem(http.StatusForbidden, "this needs role "+rt.role.String()+"; the token has role "+who.Role.String())
}

// origin refuses requests sent by pages of other sites through a user's browser,
// and requests for another host.
func (a *API) origin(r *http.Request) *Problem {
	if a.o.Loopback && !isLoopback(r.Host) {
		return problem(http.StatusMisdirectedRequest, "this instance listens on loopback and answers requests for localhost only")
	}
	if err := a.cross.Check(r); err != nil {
		return problem(http.StatusForbidden, "cross-origin requests may not do this")
	}
	return nil
}

// isLoopback reports whether a Host header names this machine by a name that cannot
// be pointed elsewhere.
func isLoopback(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback()
}
