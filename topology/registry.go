package topology

import (
	"fmt"
	"reflect"
	"sync"
)

// registry names the types of objects, both ways.
var registry struct {
	sync.RWMutex
	byName map[string]reflect.Type
	byType map[reflect.Type]string
}

// Register names the type T, so that values of it that are wrapped with [Of] can
// travel between workers, where they are encoded with msgpack by their exported
// fields. The name must be the same in every build that exchanges such
// values. Call it once a type, before the topology runs, usually from a
// package-level variable or from main. It panics when the name or the type
// is registered already to another.
func Register[T any](name string) {
	typ := reflect.TypeFor[T]()
	registry.Lock()
	defer registry.Unlock()
	if registry.byName == nil {
		registry.byName, registry.byType = map[string]reflect.Type{}, map[reflect.Type]string{}
	}
	other, named := registry.byName[name]
	before, typed := registry.byType[typ]
	if named && other != typ || typed && before != name {
		panic(fmt.Sprintf("topology: Register[%s](%q): the name belongs to %v, the type is named %q", typ, name, other, before))
	}
	registry.byName[name], registry.byType[typ] = typ, name
}

// RegisteredType returns the type that was registered by the name.
func RegisteredType(name string) (reflect.Type, bool) {
	registry.RLock()
	defer registry.RUnlock()
	t, ok := registry.byName[name]
	return t, ok
}

// RegisteredName returns the name that x's type was registered by.
func RegisteredName(x any) (string, bool) {
	registry.RLock()
	defer registry.RUnlock()
	name, ok := registry.byType[reflect.TypeOf(x)]
	return name, ok
}
