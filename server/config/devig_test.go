package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"corrgraph/odds"
)

// The words of engine.devig, and the default, are those of odds.
func TestDevigMethods(t *testing.T) {
	f, _ := reflect.TypeFor[Engine]().FieldByName("Devig")
	if words := strings.Split(f.Tag.Get("enum"), ","); !slices.Equal(words, odds.MethodNames()) {
		t.Errorf("engine.devig takes %q, odds %q", words, odds.MethodNames())
	}
	if m, err := odds.ParseMethod(Default().Engine.Devig); err != nil || m != odds.Multiplicative {
		t.Errorf("the default is %v, %v", m, err)
	}
}
