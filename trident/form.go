package trident

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/galestream/gale/topology"
	"github.com/galestream/gale/trident/codec"
	"github.com/galestream/gale/trident/state"
)

// formOf says how values of a type are encoded, as far as another type's could be taken for them: an int64 for an int is as good, a uint is not. Structs are by the
// names of their fields, so fields may come and go.
func formOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case isPair(t):
		return "pair of " + formOf(t.Field(0).Type) + " and " + formOf(t.Field(1).Type)
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "unsigned integer"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "list of " + formOf(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("array of %d %s", t.Len(), formOf(t.Elem()))
	}
	return t.Kind().String()
}

// isPair reports whether a type has a codec of its own that has its fields one after the other, without their names.
func isPair(t reflect.Type) bool {
	_, own := t.MethodByName("TridentCodec")
	return own && t.Kind() == reflect.Struct && t.NumField() == 2
}

// keyFormOf says how keys of a type are encoded: field by field, and integers by their size.
func keyFormOf(t reflect.Type) string {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		if t.Kind() == reflect.String || t == reflect.TypeFor[time.Time]() {
			return formOf(t)
		}
		return fmt.Sprintf("%s of %d bytes", formOf(t), t.Size())
	}
	var fields []string
	for i := range t.NumField() {
		fields = append(fields, keyFormOf(t.Field(i).Type))
	}
	return "struct of " + strings.Join(fields, ", ")
}

// form is what a state has: its kind, and its types.
func (s *stateSpec) form() string { return fmt.Sprintf("%s: %s by %s", s.kind, s.valueForm, s.keyForm) }

// descriptionFor is what is stored of the state, for those who read the state without the program.
func descriptionFor[K comparable, V any]() func(s *stateSpec) state.Description {
	return func(s *stateSpec) state.Description {
		f := state.Description{Text: s.form(), Kind: s.kind, Component: s.node.place.id, KeyType: s.key, TTL: s.ttl}
		var err error
		if f.Keys, err = codec.KeyFormOf[K](); err != nil {
			f.KeyTrouble = err.Error()
		}
		if f.Values, err = codec.FormOf[V](); err != nil {
			f.ValueTrouble = err.Error()
		}
		return f
	}
}

// checkForm compares what the state has with what the log says it had, and says what it has from now on: fields of a struct may have come. Values that were read as another type's would be
// wrong numbers, so the topology ends.
func (t *stageTask) checkForm(ctx context.Context, s *stateSpec) error {
	now := s.describe(s)
	had, err := state.ReadDescription(ctx, t.log, s.name)
	switch {
	case err != nil && !errors.Is(err, state.ErrNoState):
		return err
	case err == nil && had.Text != now.Text:
		return topology.Fatal(fmt.Errorf("state %q has been kept as %s, and this program would keep it as %s: give it another name, or forget what there is with `gale state drop`", s.name, had.Text, now.Text))
	case had == now || t.tc.Index > 0:
		return nil // the first task says it
	}
	return state.PutDescription(ctx, t.log, s.name, now)
}
