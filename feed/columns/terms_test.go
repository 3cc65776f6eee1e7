package columns

import (
	"testing"

	"corrgraph/odds"
)

const termed = `
name: terms
time: "{ts}"
venue: "{book}"
sport: golf
event: "{event}"
market: outrights
player: "{player}"
team: "{team}"
winners: "{places}"
complete: "{whole}"
back_lay: "{kind}"
settlement: "{rules}"
prices:
  - {from: "{price}", is: "{sel}"}
`

// What a row says of its market, and of whom, is kept; rows that differ in it are not one
// update.
// A word that the map does not know costs the price alone: the market has that outcome.
func TestAnUnknownPickIsListed(t *testing.T) {
	m := read(t, "name: m\ntime: {from: '{t}', unit: s}\nvenue: v\nhome: A\naway: B\nevent: e\nmarket: h2h\nprices: [{from: '{p}', is: {from: '{k}', map: {'1': home, '2': away}}}]\n")
	bs, rep, err := parseErr(m, "x", []byte("t,k,p\n1786003243,1,2.6\n1786003243,X,9\n1786003243,2,3.2\n1786003243,,4\n"))
	if by, n := rep.Rejected(); err != nil || n != 2 || by["no_translation"] != 2 {
		t.Fatal(by, err)
	}
	if q := bs[0].Updates[0].Quotes; len(q) != 3 || q[1].Selection != "X" || q[1].Status != odds.Unpriced {
		t.Errorf("%+v", q)
	}
}

func TestTermsAndSubjects(t *testing.T) {
	const head, ts = "ts,book,event,player,team,places,whole,kind,rules,price,sel\n", "2026-01-02T03:04:05Z,b,open,"
	bs, rep, err := parseErr(read(t, termed), "x", []byte(head+
		ts+"Al Stone,Oaks,5,true,back,dead heat,3,Yes\n"+
		ts+"Bo Reed,,5,TRUE,,dead heat,4,Yes\n"+
		ts+",Oaks,,false,lay,,5,Yes\n"+
		ts+",,0,,,,5,Yes\n"+ts+",,,maybe,,,5,Yes\n"+ts+",,,,both,,5,Yes\n"))
	by, n := rep.Rejected()
	if err != nil || n != 3 || by["bad_number"] != 1 || by["bad_bool"] != 1 || by["bad_word"] != 1 {
		t.Errorf("rejected %v", by)
	}
	if len(bs) != 1 || len(bs[0].Updates) != 2 {
		t.Fatalf("%d batches", len(bs))
	}
	one, two := bs[0].Updates[0], bs[0].Updates[1]
	if want := (odds.Terms{Winners: 5, Complete: odds.StatedYes, Settlement: "dead heat"}); one.Terms != want || len(one.Quotes) != 2 ||
		one.Quotes[0].Subject != "Al Stone, Oaks" || one.Quotes[1].Subject != "Bo Reed" {
		t.Errorf("%+v", one)
	}
	if want := (odds.Terms{Complete: odds.StatedNo, Lay: true}); two.Terms != want || two.Quotes[0].Subject != "Oaks" {
		t.Errorf("%+v", two)
	}
}
