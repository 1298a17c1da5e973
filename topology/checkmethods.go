package topology

import (
	"maps"
	"reflect"
	"slices"
)

// optionalMethods are the methods that a component may have, with the interface
// that makes the runtime call them.
var optionalMethods = map[string]reflect.Type{
	"Open": reflect.TypeFor[Opener](), "Ack": reflect.TypeFor[Acknowledger](), "Fail": reflect.TypeFor[Acknowledger](),
	"Activate": reflect.TypeFor[Activator](), "Deactivate": reflect.TypeFor[Deactivator](), "Close": reflect.TypeFor[Closer](),
	"Prepare": reflect.TypeFor[Preparer](), "Cleanup": reflect.TypeFor[Cleaner](), "Tick": reflect.TypeFor[Ticker](),
	"Finish": reflect.TypeFor[Finisher](),
}

// Receive is of spouts and of bolts, in different forms.
var spoutReceiver, boltReceiver = reflect.TypeFor[SpoutReceiver](), reflect.TypeFor[BoltReceiver]()

var spoutOnly, boltOnly = []string{"Open", "Ack", "Fail", "Close"}, []string{"Prepare", "Cleanup", "Tick", "Finish"}

// otherName is what a method of spouts is called for bolts, and the other way round.
var otherName = map[string]string{"Open": "Prepare", "Close": "Cleanup", "Prepare": "Open", "Cleanup": "Close"}

// checkOptionalMethods finds an Open, Prepare, ... with the wrong signature: as the
// interfaces are optional, the compiler would not, and it would never be called.
func (b *Builder) checkOptionalMethods(c *Component) {
	instance, foreign := b.instance(c)
	if instance == nil {
		return
	}
	typ := reflect.TypeOf(instance)
	methods := maps.Clone(optionalMethods)
	methods["Receive"] = boltReceiver
	if c.IsSpout() {
		methods["Receive"] = spoutReceiver
	}
	for _, name := range slices.Sorted(maps.Keys(methods)) {
		want := methods[name]
		if _, has := typ.MethodByName(name); !has {
			continue
		}
		if slices.Contains(foreign, name) {
			if own := otherName[name]; own != "" && typ.Implements(want) {
				b.problem(c, "%v has a method %s that would never be called: here it is %s", typ, name, own)
			}
			continue
		}
		if !typ.Implements(want) {
			b.problem(c, "%v has a method %s that would never be called: it doesn't implement topology.%s", typ, name, want.Name())
		}
	}
}

func (b *Builder) instance(c *Component) (x any, foreign []string) {
	switch {
	case c.NewSpout != nil:
		x, foreign = c.NewSpout(), boltOnly
		if r, ok := x.(interface{ replays() Spout }); ok {
			x = r.replays()
		}
	case c.NewBolt != nil:
		x, foreign = c.NewBolt(), spoutOnly
	default:
		return nil, nil
	}
	if x == nil {
		b.problem(c, "the factory returns nil")
	}
	return x, foreign
}
