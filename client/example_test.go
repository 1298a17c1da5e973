package client_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
)

// A topology is built, submitted and waited for, made wider while it runs, and removed.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	access, err := client.Discover()
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.Connect(access)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	program, err := client.Build(ctx, "./examples/wordcount")
	if err != nil {
		log.Fatal(err)
	}
	defer program.Remove()
	submitted, err := c.Submit(ctx, client.Submission{Program: client.Program{Path: program.Path}, Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	show := func(d cluster.Description) {
		fmt.Printf("%s: %d of %d workers run\n", d.State, d.Running, d.Summary.Workers)
	}
	if _, err := c.WaitRunning(ctx, submitted.Name, submitted.Generation, show); err != nil {
		log.Fatal(err)
	}

	wider, err := c.Rebalance(ctx, cluster.RebalanceRequest{Name: submitted.Name, Parallelism: map[string]int{"count": 8}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.WaitRunning(ctx, submitted.Name, wider.Generation, nil); err != nil {
		log.Fatal(err)
	}

	if err := c.Kill(ctx, cluster.KillRequest{Name: submitted.Name, Wait: 10 * time.Second}); err != nil {
		log.Fatal(err)
	}
	if err := c.WaitGone(ctx, submitted.Name, submitted.ID, nil); err != nil {
		log.Fatal(err)
	}
}

// The lines of all workers of one component, until the topology is gone.
func ExampleClient_Logs() {
	c, err := client.Connect(cluster.Access{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	query := client.LogQuery{Topology: "wordcount", Component: "count", Follow: true}
	err = c.Logs(context.Background(), query, func(l client.LogLine) error {
		_, err := fmt.Fprintln(os.Stdout, l.Worker, l.Text)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
}
