package family

import (
	"reflect"
	"testing"

	"corrgraph/graph"
)

// TestKeysHaveOneOrder: two families that differ in anything have an order, or the bytes of a
// saved state would depend on that of a map.
func TestKeysHaveOneOrder(t *testing.T) {
	for i := range reflect.TypeFor[graph.FamilyKey]().NumField() {
		var a, b graph.FamilyKey
		switch f := reflect.ValueOf(&b).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Uint8, reflect.Uint16, reflect.Uint:
			f.SetUint(1)
		default:
			f.SetInt(1)
		}
		if compareKeys(a, b) >= 0 || compareKeys(b, a) <= 0 {
			t.Errorf("%s makes no difference", reflect.TypeFor[graph.FamilyKey]().Field(i).Name)
		}
	}
}
