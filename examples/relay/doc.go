// Command relay computes something about each number of a JetStream stream, and writes it to another.
//
//	relay -fill N [-rate R] [flags]   makes the streams, and publishes the numbers from 1 to N
//	relay [-end] [flags]              the pipeline: numbers -> collatz -> results
//	relay -check [flags]              compares the results with the numbers
//
// It is a pipeline whose results can be checked: run it in a cluster, pull plugs, and see that each number has its
// result. A message of the stream of numbers (-in, NUMBERS) is a number in decimal; one of the stream of results (-out,
// RESULTS) is JSON, {"n":27,"result":111}, where the result is how many Collatz steps lead from n to 1. The
// subjects are the names of the streams after "relay.".
//
// Results are published without a message id, so that the stream keeps what comes twice: at-least-once
// means that nothing is lost, and that after a fault some may be doubled. The check prints
//
//	numbers 10000, results 10003: lost 0, duplicates 3, wrong 0, unexpected 0
//
// to standard output, and exits with 1 if any is lost, wrong or unexpected. Run it when the pipeline has
// nothing left to do: it takes both streams as they are when it begins.
//
// # Try it
//
//	gale nats --no-auth &
//	go run ./examples/relay -fill 10000
//	go run ./examples/relay -end
//	go run ./examples/relay -check
//
// or, in a cluster, with a steady load:
//
//	gale submit ./examples/relay
//	go run ./examples/relay -fill 100000 -rate 1000
package main
