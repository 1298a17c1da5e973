package topology_test

import (
	"context"
	"fmt"

	"github.com/galestream/gale/topology"
)

type Reading struct {
	Sensor  string  `gale:"sensor"`
	Celsius float64 `gale:"celsius"`
}

type Alarm struct {
	Sensor string `gale:"sensor"`
	Text   string `gale:"text"`
}

func watch(_ context.Context, t *topology.Tuple, out *topology.Collector) error {
	if r := topology.As[Reading](t); r.Celsius > 80 {
		topology.EmitStruct(out, Alarm{Sensor: r.Sensor, Text: fmt.Sprintf("%.1f °C", r.Celsius)})
	}
	return nil
}

// Structs declare the fields of streams; Reads has Build check that they fit.
func ExampleFieldsOf() {
	b := topology.NewBuilder("sensors")
	b.Spout("readings", newLines).EmitsStruct(topology.FieldsOf[Reading]())
	b.Bolt("watch", topology.BoltFunc(watch)).EmitsStruct(topology.FieldsOf[Alarm]()).
		Fields("readings", "sensor").Reads(topology.FieldsOf[Reading]())
	b.Bolt("notify", newCounter).Shuffle("watch").Reads(topology.FieldsOf[Reading]())

	_, err := b.Build()
	fmt.Println(err)
	// Output:
	// topology "sensors": 1 problem
	//   notify: reads stream "default" of "watch" as topology_test.Reading, which has no field "celsius"
}

// printer is a runtime that prints what is emitted.
type printer struct{ topology.Port }

func (printer) Emit(e *topology.Emission) { fmt.Println("emitted", e.Values) }

// A bolt emits a struct for a stream that was declared with FieldsOf.
func ExampleEmitStruct() {
	alarms := []*topology.Stream{{Name: topology.DefaultStream, Fields: topology.FieldsOf[Alarm]().Names()}}
	out := topology.NewCollector(printer{}, alarms)

	topology.EmitStruct(out, Alarm{Sensor: "kiln", Text: "91.5 °C"})
	topology.EmitStruct(out.Unanchored(), Alarm{Sensor: "oven", Text: "80.5 °C"})
	// Output:
	// emitted [kiln 91.5 °C]
	// emitted [oven 80.5 °C]
}

// A bolt reads a tuple as a struct, whose fields may be fewer and in another order.
func ExampleAs() {
	readings := &topology.Stream{Component: "readings", Name: topology.DefaultStream, Fields: []string{"at", "celsius", "sensor"}}
	tuple := topology.NewSlab(1).Add(readings, []topology.Value{topology.Of(17), topology.Of(91.5), topology.Of("kiln")}, 0, 0)

	r := topology.As[Reading](tuple)
	fmt.Println(r.Sensor, r.Celsius)
	// Output: kiln 91.5
}
