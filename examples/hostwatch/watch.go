package main

import (
	"io"
	"time"

	"github.com/galestream/gale/topology"
)

// webhookRetry tries a request about 8 times in half a minute. One alert waits at a time and those
// behind it wait too, lest RESOLVED overtake the FIRING that is tried again.
var webhookRetry = topology.Retry{Attempts: 8, Backoff: 250 * time.Millisecond, MaxBackoff: 8 * time.Second, Held: 1}

// treeTimeout leaves time for all attempts of a webhook, the slowest answers included.
const treeTimeout = 2 * time.Minute

// watch declares the topology, which writes its lines to out.
func watch(o options, out io.Writer) *topology.Builder {
	page := &page{out: out}
	b := topology.NewBuilder("hostwatch").MessageTimeout(treeTimeout)
	b.Spout("samples", func() topology.Spout { return newSamples(o) }).
		EmitsStruct(topology.FieldsOf[Sample]())
	b.Bolt("smooth", func() topology.Bolt { return newSmooth(o.halfLife) }).
		Fields("samples", "metric").Reads(topology.FieldsOf[Sample]()).
		EmitsStruct(topology.FieldsOf[Level]())
	b.Bolt("alert", func() topology.Bolt { return newAlerter(o) }).
		Fields("smooth", "metric").Reads(topology.FieldsOf[Level]()).
		EmitsStruct(topology.FieldsOf[Alert]())
	b.Bolt("print", func() topology.Bolt { return &printer{page: page} }).
		Global("alert").Reads(topology.FieldsOf[Alert]())
	if o.webhook != "" {
		addWebhook(b, o.webhook, page)
	}
	return b
}

func addWebhook(b *topology.Builder, url string, page *page) {
	b.Bolt("webhook", func() topology.Bolt { return newWebhook(url, requestTimeout) }).
		Fields("alert", "id").Reads(topology.FieldsOf[Alert]()).
		Retry(webhookRetry)
	b.Bolt("dead", func() topology.Bolt { return &mourner{page: page} }).
		Global(topology.DeadLetters("webhook"))
}
