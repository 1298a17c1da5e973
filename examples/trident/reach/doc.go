// Command reach says how many people may have seen a URL: all different followers of those who have shared it.
//
//	reach URL ...          asks itself, prints an answer a line, and ends
//	reach [-data FOLDER]   stays, and answers the query reach
//
// It is Storm's classic example of a question that is answered in parallel (distributed RPC): from a URL to those who have shared it, to
// the followers of each, to different followers, to their number. Each step runs in as many tasks as one likes, and followers are
// looked up where they are kept.
//
//	go run ./examples/trident/reach https://example.net/weather/gale-warning
//
// In a cluster:
//
//	gale submit ./examples/trident/reach
//	gale query reach https://example.net/weather/gale-warning
//
// # The data
//
// A small network of made-up people is built into the program. With -data they come from a folder instead, which all workers must
// find: shares.txt has a URL in each line and the users who have shared it, followers.txt a user and who follows that user, separated by white
// space. Lines that begin with # are comments.
package main
