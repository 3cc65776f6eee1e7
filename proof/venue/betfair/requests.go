package betfair

import (
	"encoding/json"
	"net/http"
	"strconv"

	"corrgraph/proof/venue"
)

// faulty answers a request with the HTTP status of a fault, if there is one.
func (s *Server) faulty(then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, p := range s.Requests.Next() {
			if p.Fault == venue.Status {
				if p.By > 0 {
					w.Header().Set("Retry-After", strconv.Itoa(int(p.By.Seconds())))
				}
				w.WriteHeader(p.N)
				return
			}
		}
		then(w, r)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever has gone needs no answer
}

// permitted is the status of a login.
func (s *Server) permitted(r *http.Request) string {
	switch o := s.options(); {
	case o.Login != "":
		return o.Login
	case r.Header.Get("X-Application") != AppKey || r.FormValue("username") != User || r.FormValue("password") != Password:
		return "INVALID_USERNAME_OR_PASSWORD"
	}
	return "SUCCESS"
}

func (s *Server) certLogin(w http.ResponseWriter, r *http.Request) {
	status := s.permitted(r)
	a := map[string]string{"loginStatus": status}
	if status == "SUCCESS" {
		a["sessionToken"] = s.newToken()
	} else {
		s.count("login")
	}
	answer(w, http.StatusOK, a)
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	status := s.permitted(r)
	a := map[string]string{"status": "SUCCESS", "error": "", "product": "x", "token": ""}
	if status == "SUCCESS" {
		a["token"] = s.newToken()
	} else {
		s.count("login")
		a["status"], a["error"] = "FAIL", status
	}
	answer(w, http.StatusOK, a)
}

func (s *Server) keepAlive(w http.ResponseWriter, r *http.Request) {
	s.count("keepAlive")
	token := r.Header.Get("X-Authentication")
	if !s.valid(token) {
		answer(w, http.StatusOK, map[string]string{"status": "FAIL", "error": "NO_SESSION", "token": "", "product": ""})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "SUCCESS", "error": "", "token": token, "product": "x"})
}

func (s *Server) catalogue(w http.ResponseWriter, r *http.Request) {
	s.count("catalogue")
	if code := s.unknown(r.Header.Get("X-Application"), r.Header.Get("X-Authentication")); code != "" {
		answer(w, http.StatusBadRequest, map[string]any{
			"faultcode": "Client", "faultstring": "ANGX-0003",
			"detail": map[string]any{"APINGException": map[string]any{"errorCode": code, "errorDetails": "", "requestUUID": "x"}, "exceptionname": "APINGException"},
		})
		return
	}
	var q struct {
		Filter struct {
			MarketIDs []string `json:"marketIds"`
		} `json:"filter"`
		Most int `json:"maxResults"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Most < 1 || q.Most > 1000 {
		answer(w, http.StatusBadRequest, map[string]any{"faultcode": "Client", "faultstring": "DSC-0018"})
		return
	}
	o := s.options()
	if o.Exchange == nil {
		answer(w, http.StatusOK, []any{})
		return
	}
	all := o.Exchange.catalogue(q.Filter.MarketIDs)
	answer(w, http.StatusOK, all[:min(len(all), q.Most)])
}

// unknown is the error code of those who are not known; empty for those who are.
func (s *Server) unknown(appKey, token string) string {
	switch {
	case appKey == "":
		return "NO_APP_KEY"
	case appKey != AppKey:
		return "INVALID_APP_KEY"
	case token == "":
		return "NO_SESSION"
	case !s.valid(token):
		return "INVALID_SESSION_INFORMATION"
	}
	return ""
}
