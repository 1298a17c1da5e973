// Package source has ready-made spouts that read text line by line.
//
// [Lines] reads files, folders and standard input to their end:
//
//	b.Spout("lines", source.Lines("access.log", "archive/")).Emits(source.LineFields...)
//
// [Tail] follows one growing file across rotation and truncation, and never ends:
//
//	b.Spout("log", source.Tail("/var/log/access.log")).Emits(source.TailFields...)
//
// # What is guaranteed
//
// Every line is emitted with a message id, and emitted again each time its tree fails:
// at least once, for as long as the spout lives. How often is not bounded here:
// a line that a bolt can never handle comes again and again unless that bolt has a retry
// policy, which sends it to the dead letters ([topology.BoltDeclarer.Retry]). New
// lines wait until those that failed were emitted.
//
// Lines of one file that do not fail come in their order. A line comes without its
// line end, which is "\n" or "\r\n". At the end of a file, one that lacks its line end
// counts as a line.
//
// What is left out is counted and, except as said below, reported with its place:
//
//	lines.overlong     lines longer than MaxLine, of which no more is kept in memory
//	files.unreadable   files and folders that could not be read (to their end)
//	files.binary       files with a NUL byte in their first 8 KiB; reported only where
//	                   the file was given by name, not found in a folder
//	files.truncated    how often a followed file was cut short; not reported
//
// # What is not
//
// Positions are not kept: a new run begins where its options say, and a spout that is
// closed drops what it has read and not emitted, and what failed.
//
// # Memory
//
// Text is read in blocks of 64 KiB, and a block becomes one string that its lines are
// slices of, so a line costs no allocation. The price is that a line in memory,
// pending or kept by a bolt, pins its block: 64 KiB of text, or as much as its longest
// line needs, and 40 bytes for each line in it. A bolt that keeps few of many lines for
// long should keep a strings.Clone of them.
//
// # Goroutines
//
// Reading files needs none. Standard input and a followed file are each read by one
// goroutine that Open starts or the first Next that needs it, that Close ends, and that
// wakes the spout through [topology.Context.Wake]; at most 4 blocks wait between the two.
package source
