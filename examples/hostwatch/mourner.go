package main

import (
	"context"
	"fmt"
	"time"

	"github.com/galestream/gale/topology"
)

// mourner prints the alerts that a webhook did not take.
type mourner struct {
	page *page
	tc   *topology.Context
}

// Prepare implements topology.Preparer.
func (m *mourner) Prepare(_ context.Context, tc *topology.Context) error {
	m.tc = tc
	return nil
}

// Execute implements topology.Bolt.
func (m *mourner) Execute(_ context.Context, t *topology.Tuple, _ *topology.Collector) error {
	lost := alertOf(t.List("values"))
	return m.page.print(fmt.Sprintf("NOT DELIVERED in %d attempts, %s: %s",
		t.Int("attempts"), t.String("cause"), lost.line(m.tc.Now())))
}

// alertOf returns the alert that has the values, which a dead letter bears in the order of
// the fields.
func alertOf(values []any) Alert {
	v := map[string]any{}
	for i, name := range topology.FieldsOf[Alert]().Names() {
		v[name] = values[i]
	}
	return Alert{
		ID: v["id"].(string), State: State(v["state"].(string)), Host: v["host"].(string), Metric: v["metric"].(string),
		At: v["at"].(time.Time), Value: v["value"].(float64), Threshold: v["threshold"].(float64),
		Lasted: time.Duration(v["lasted"].(int64)),
	}
}
