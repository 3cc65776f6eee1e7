package feed_test

import (
	"reflect"
	"strings"
	"testing"

	"corrgraph/feed"
	"corrgraph/odds"
)

// named is a batch with two updates, in the first of which every name is value.
func named(value string) *odds.Batch {
	event := &odds.Event{}
	fill(reflect.ValueOf(event).Elem(), value)
	u := odds.Update{Quotes: make([]odds.Quote, 3)}
	fill(reflect.ValueOf(&u).Elem(), value)
	u.Event = event
	for i := range u.Quotes {
		fill(reflect.ValueOf(&u.Quotes[i]).Elem(), value)
	}
	return &odds.Batch{Source: value, Updates: []odds.Update{u, {Event: &odds.Event{ID: "e"}, Quotes: make([]odds.Quote, 1)}}}
}

// fill sets every string of a struct.
func fill(v reflect.Value, value string) {
	for _, f := range names(v) {
		f.SetString(value)
	}
	if f := v.FieldByName("Participants"); f.IsValid() {
		f.Set(reflect.ValueOf([]string{value, value}))
	}
}

// names lists the strings of a struct and of those embedded in it.
func names(v reflect.Value) (out []reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.String:
			out = append(out, f)
		case v.Type().Field(i).Anonymous && f.Kind() == reflect.Struct:
			out = append(out, names(f)...)
		}
	}
	return out
}

// Every string of a batch is a name, those of fields added later too, and none may be
// longer than MaxName.
func TestNoNameIsTooLong(t *testing.T) {
	long, fits := strings.Repeat("x", feed.MaxName+1), strings.Repeat("x", feed.MaxName)
	pass := func(b *odds.Batch) (out []*odds.Batch, rep *feed.Report) {
		rep = &feed.Report{}
		rep.Read(7, b.Quotes())
		if err := feed.Checked("file", func(b *odds.Batch) error { out = append(out, b); return nil }, rep)(b); err != nil {
			t.Fatal(err)
		}
		return out, rep
	}
	if out, rep := pass(named(fits)); len(out) != 1 || len(out[0].Updates) != 2 || len(rep.Shown()) != 0 {
		t.Fatalf("names of %d bytes: %d batches, rejects %v", len(fits), len(out), rep.Shown())
	}
	b := named(fits)
	u := &b.Updates[0]
	fields := append(names(reflect.ValueOf(u).Elem()), names(reflect.ValueOf(u.Event).Elem())...)
	fields = append(fields, names(reflect.ValueOf(&u.Quotes[1]).Elem())...)
	fields = append(fields, reflect.ValueOf(u.Event).Elem().FieldByName("Participants").Index(1))
	if len(fields) < 11 {
		t.Fatalf("only %d names", len(fields))
	}
	for _, f := range fields {
		f.SetString(long)
		out, rep := pass(b)
		by, total := rep.Rejected()
		if len(out) != 1 || len(out[0].Updates) != 1 || out[0].Updates[0].Event.ID != "e" || total != 3 || by[feed.NameTooLong] != 3 {
			t.Errorf("%v: %d batches, rejected %v", f, len(out), by)
		} else if r := rep.Shown()[0]; r.File != "file" || r.Line != 7 || !strings.HasSuffix(r.Detail, "is 257 bytes long, want at most 256") {
			t.Errorf("rejected as %v", r)
		}
		f.SetString(fits)
	}
	b.Source = long
	if out, rep := pass(b); len(out) != 0 || rep.Shown()[0].Detail != "source is 257 bytes long, want at most 256" {
		t.Errorf("a long source: %d batches, %v", len(out), rep.Shown())
	}
}

// A poll that lost all its updates is still a poll: what it lacks is unknown from then on.
// Nothing is left of a stream's batch.
func TestAPollWithoutItsUpdatesStays(t *testing.T) {
	for _, polled := range []bool{true, false} {
		b, n := named(strings.Repeat("x", feed.MaxName+1)), 0
		b.Source, b.Polled, b.Updates = "s", polled, b.Updates[:1]
		var rep feed.Report
		if err := feed.Checked("file", func(*odds.Batch) error { n++; return nil }, &rep)(b); err != nil || (n == 1) != polled || len(b.Updates) != 1 {
			t.Errorf("polled %v: %d batches, %v", polled, n, err)
		}
	}
}
