// Command wordcount keeps the counts of words of files or folders, exactly once, and answers questions about them.
//
//	wordcount [-top N] [-serve] [PATH ...]
//
// A word is a run of letters and digits, in lower case. Without a path it reads README.md. When it has read everything it prints the most
// frequent words so far, each with its count, and ends.
//
// # It goes on where it was
//
// What it has counted, and how far it has read, is kept where GALE_STATE says (see package trident): nowhere, unless it is said. With
// GALE_STATE=folder:DIR a second run counts only what files have got since the first, by whole lines, and prints the sums; so does a run after one that was killed.
//
//	export GALE_STATE=folder:$(mktemp -d)
//	go run ./examples/trident/wordcount README.md
//	go run ./examples/trident/wordcount README.md   # the same, and nothing was read
//
// Files are known by their paths: when a file is called otherwise, its words count again.
//
// # Questions
//
// With -serve it does not end, and answers two queries. In a cluster:
//
//	gale submit ./examples/trident/wordcount -- -serve $PWD/README.md
//	gale query count "gale nats"     # the words given, each with its count
//	gale query top 3                 # the most frequent, with their counts
//	gale state get wordcount counts gale
//
// All workers must find the files at their paths.
package main
