// Package console shows how a local run of a topology fares.
//
// # In call order
//
// [New] looks at what it writes to. [Console.Run] shows figures until its context is done, and
// [Console.Summary] writes the totals at the end. What the program itself prints to the same
// terminal goes through [Console.Above]; [Console.Capture] sees to it for os.Stdout.
//
//	shown := console.New(os.Stderr, console.Options{})
//	go func() { defer close(done); shown.Run(ctx, w.Snapshot) }()
//
// # Two forms
//
// On a terminal, Run keeps a table at the bottom, drawn anew twice a second: a title, a row for each
// component in the order in which tuples flow, calls that take too long, and the last errors. Elsewhere, and where
// TERM is dumb, it writes a line for each component every five seconds, as key=value pairs
// whose keys and units never change. NO_COLOR makes the table colourless.
//
// # What shares the terminal
//
// After each draw the cursor rests on the empty line above the table, and the next draw
// begins where it finds the cursor. So a program that prints past [Console.Above] loses no
// line that it ends: its lines stay above the next table, and only those after the first of an interval
// may have remains of the old table to their right. Through Above they are clean. A
// draw is one write, so that no other can come between.
//
// # Whose goroutines
//
// Run belongs to the goroutine that calls it; Above's writer and Summary may be used from any.
// Capture starts one, whose end its release awaits.
package console
