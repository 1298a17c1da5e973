package cli

import (
	"context"

	"github.com/galestream/gale/client"
)

func activateVerb() *verb {
	return &verb{
		name: "activate", category: topologyVerbs, usage: "has a topology's spouts emit", args: "NAME", example: "gale activate wordcount",
		about: "Undoes 'gale deactivate', or begins a topology that was submitted with --inactive.", complete: completeTopology,
		run: func(i *invocation) error { return i.toggle((*client.Client).Activate, "activated") },
	}
}

func deactivateVerb() *verb {
	return &verb{
		name: "deactivate", category: topologyVerbs, usage: "pauses a topology's spouts", args: "NAME", example: "gale deactivate wordcount",
		about: "Spouts emit no more until 'gale activate'. What is under way goes on; workers stay.", complete: completeTopology,
		run: func(i *invocation) error { return i.toggle((*client.Client).Deactivate, "deactivated") },
	}
}

func (i *invocation) toggle(f func(*client.Client, context.Context, string) error, result string) error {
	name, err := i.topology()
	if err != nil {
		return err
	}
	return i.withClient(func(c *client.Client) error {
		if err := f(c, i.ctx, name); err != nil {
			return err
		}
		return i.done(name, result)
	})
}
