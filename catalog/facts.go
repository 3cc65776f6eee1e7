package catalog

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

//go:embed facts.yaml
var builtin []byte

// ErrFacts is wrapped by every error about a catalogue file.
var ErrFacts = errors.New("bad catalogue file")

// Kinds of entity.
const (
	Team   = "team"
	Player = "player"
	Person = "person"
	Owner  = "owner"
	Venue  = "venue"
	City   = "city"
)

// Entity is something that events can share.
type Entity struct {
	ID    string // "team:mlb:new-york-yankees", "city:new-york"
	Kind  string
	Name  string
	Links []string // of a team: ids of its people, owners, venue and city, in that order
}

// Facts are entities and the spellings of team names. They are immutable.
type Facts struct {
	entities map[string]Entity
	leagues  map[string]league   // by normalized name or alias
	names    map[string][]string // sport, league and normalized spelling -> team ids, sorted
	teams    map[string]teamFact // by id
}

type league struct{ sport, name string }

// anyLeague holds the teams that play in many competitions of their sport.
const anyLeague = "any"

// file is the schema of a catalogue file. See facts.yaml for its meaning.
type file struct {
	Sources map[string]string `yaml:"sources"`
	Leagues []leagueFact      `yaml:"leagues"`
}

type leagueFact struct {
	Sport   string     `yaml:"sport"`
	League  string     `yaml:"league"`
	Aliases []string   `yaml:"aliases"`
	Kind    string     `yaml:"kind"`
	Teams   []teamFact `yaml:"teams"`
}

type teamFact struct {
	Name    string              `yaml:"name"`
	City    string              `yaml:"city"`
	Venue   string              `yaml:"venue"`
	Owners  []string            `yaml:"owners"`
	People  []string            `yaml:"people"`
	Aliases map[string][]string `yaml:"aliases"`

	kind   string
	league league
}

// Builtin returns the facts embedded in the program.
func Builtin() (*Facts, error) {
	return (&Facts{}).With("facts.yaml", strings.NewReader(string(builtin)))
}

// Digest is another one for other facts.
func (f *Facts) Digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%+v\n%+v\n%+v\n%+v\n", f.entities, f.leagues, f.names, f.teams) // maps are printed in the order of their keys
	return hex.EncodeToString(sum.Sum(nil))
}

// With returns f with the facts of a YAML file added. For a team that f knows, the
// file's city, venue, owners and people replace f's, and its aliases are added.
// name is used in messages. The error wraps ErrFacts and names file and line of an
// unknown key or a wrong type; f is never modified.
func (f *Facts) With(name string, r io.Reader) (*Facts, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var in file
	if err := yaml.Load(data, &in, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFacts, name, err)
	}
	out := &Facts{leagues: maps.Clone(f.leagues), teams: maps.Clone(f.teams)}
	if out.teams == nil {
		out.leagues, out.teams = map[string]league{}, map[string]teamFact{}
	}
	for _, l := range in.Leagues {
		if err := out.addLeague(l, in.Sources); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrFacts, name, err)
		}
	}
	out.index()
	return out, nil
}

func (f *Facts) addLeague(l leagueFact, sources map[string]string) error {
	sport, name := SportKey(l.Sport), Normalize(l.League)
	if sport == "" || name == "" {
		return fmt.Errorf("a league needs sport and league: have %q, %q", l.Sport, l.League)
	}
	if l.Kind == "" {
		l.Kind = Team
	}
	if l.Kind != Team && l.Kind != Player {
		return fmt.Errorf("league %s: kind is team or player, not %q", l.League, l.Kind)
	}
	le := league{sport, name}
	for _, alias := range append(l.Aliases, l.League, l.Sport+" "+l.League) {
		f.leagues[sport+"\x00"+Normalize(alias)] = le
	}
	for _, t := range l.Teams {
		if Normalize(t.Name) == "" {
			return fmt.Errorf("league %s: a team has no name", l.League)
		}
		for _, source := range slices.Sorted(maps.Keys(t.Aliases)) {
			if _, ok := sources[source]; !ok {
				return fmt.Errorf("%s: the source of its aliases, %q, is not among the file's sources", t.Name, source)
			}
		}
		t.kind, t.league = l.Kind, le
		id := teamID(l.Kind, sport, name, t.Name)
		f.teams[id] = override(f.teams[id], t)
	}
	return nil
}

// override merges two teams: b's values take precedence, and the aliases of both are kept.
func override(a, b teamFact) teamFact {
	if b.City == "" {
		b.City = a.City
	}
	if b.Venue == "" {
		b.Venue = a.Venue
	}
	if b.Owners == nil {
		b.Owners = a.Owners
	}
	if b.People == nil {
		b.People = a.People
	}
	aliases := map[string][]string{}
	for _, from := range []map[string][]string{a.Aliases, b.Aliases} {
		for source, names := range from {
			aliases[source] = append(slices.Clip(aliases[source]), names...)
		}
	}
	b.Aliases = aliases
	return b
}

// index derives entities and spellings from the teams.
func (f *Facts) index() {
	f.entities, f.names = map[string]Entity{}, map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(f.teams)) {
		t := f.teams[id]
		team := Entity{ID: id, Kind: t.kind, Name: t.Name}
		link := func(kind, name string) {
			if name != "" {
				e := Entity{ID: kind + ":" + slug(name), Kind: kind, Name: name}
				f.entities[e.ID] = e
				team.Links = append(team.Links, e.ID)
			}
		}
		for _, p := range t.People {
			link(Person, p)
		}
		for _, o := range t.Owners {
			link(Owner, o)
		}
		link(Venue, t.Venue)
		link(City, t.City)
		f.entities[id] = team
		f.spell(t, t.Name, id)
		f.spell(t, t.City, id) // "Boston" is its one baseball team; "New York" is ambiguous
		for _, names := range t.Aliases {
			for _, n := range names {
				f.spell(t, n, id)
			}
		}
	}
}

// spell adds a spelling for its league, for its sport and for all sports.
func (f *Facts) spell(t teamFact, name, id string) {
	n := Normalize(name)
	if n == "" {
		return
	}
	for _, scope := range []league{t.league, {t.league.sport, ""}, {"", t.league.name}, {}} {
		key := nameKey(scope.sport, scope.name, n)
		if i, ok := slices.BinarySearch(f.names[key], id); !ok {
			f.names[key] = slices.Insert(f.names[key], i, id)
		}
	}
}

func nameKey(sport, league, normalized string) string {
	return sport + "\x00" + league + "\x00" + normalized
}

// Lookup returns the ids of the teams or players that name could mean, sorted. An
// empty sport or league matches all; a league unknown to the facts matches only
// teams that are listed for any league. Several ids mean that the name is
// ambiguous. The caller must not modify the result.
func (f *Facts) Lookup(sport, league, name string) []string {
	s, n := SportKey(sport), Normalize(name)
	if ids := f.names[nameKey(s, f.League(sport, league), n)]; ids != nil {
		return ids
	}
	return f.names[nameKey(s, anyLeague, n)]
}

// Entity returns an entity by id. The caller must not modify its Links.
func (f *Facts) Entity(id string) (Entity, bool) {
	e, ok := f.entities[id]
	return e, ok
}

// Entities returns all entities of a kind, or of all kinds for "", by id.
func (f *Facts) Entities(kind string) []Entity {
	var out []Entity
	for _, id := range slices.Sorted(maps.Keys(f.entities)) {
		if e := f.entities[id]; kind == "" || e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// League returns the canonical name of a league ("MLB" and "Major League Baseball"
// are "mlb"), or its normalized name if the facts don't list it.
func (f *Facts) League(sport, name string) string {
	n := Normalize(name)
	if l, ok := f.leagues[SportKey(sport)+"\x00"+n]; ok {
		return l.name
	}
	return n
}

// SportKey returns the canonical name of a sport: lower-case letters and digits
// only ("American Football" is "americanfootball").
func SportKey(s string) string {
	return strings.ReplaceAll(Normalize(s), " ", "")
}

// teamID builds an id from the league, or from the sport for teams of any league.
func teamID(kind, sport, league, name string) string {
	if league == "" || league == anyLeague {
		league = sport
	}
	return kind + ":" + slug(league) + ":" + slug(name)
}

func slug(s string) string { return strings.ReplaceAll(Normalize(s), " ", "-") }
