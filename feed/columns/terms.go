package columns

import (
	"strconv"
	"strings"

	"corrgraph/odds"
)

// given evaluates a text that a map may lack.
func (s *state) given(t *text) (string, error) {
	if t == nil {
		return "", nil
	}
	return s.eval(t)
}

// terms evaluates what the row says of its market and of whom its prices are about.
func (s *state) terms(r *row) error {
	var words [6]string
	for i, t := range [...]*text{s.player, s.team, s.winners, s.complete, s.backLay, s.settlement} {
		var err error
		if words[i], err = s.given(t); err != nil {
			return err
		}
	}
	player, team, winners, complete, backLay, settlement := words[0], words[1], words[2], words[3], words[4], words[5]
	if r.subject = player + team; player != "" && team != "" {
		r.subject = player + ", " + team
	}
	r.subject, r.terms.Settlement = s.intern(r.subject), s.intern(settlement)
	if winners != "" {
		n, err := strconv.Atoi(winners)
		if err != nil || n < 1 {
			return reject("bad_number", "winners %q, wanted a whole number above 0", winners)
		}
		r.terms.Winners = n
	}
	if complete != "" {
		yes, err := strconv.ParseBool(strings.ToLower(complete))
		if err != nil {
			return reject("bad_bool", "complete %q, wanted true or false", complete)
		}
		if r.terms.Complete = odds.StatedNo; yes {
			r.terms.Complete = odds.StatedYes
		}
	}
	switch strings.ToLower(backLay) {
	case "", "back":
	case "lay":
		r.terms.Lay = true
	case "middle":
		r.terms.Middle = true
	default:
		return reject("bad_word", "back_lay %q, wanted back, lay or middle", backLay)
	}
	return nil
}
