// Package config is the one configuration of Gale: a typed struct whose fields carry
// their own names, defaults, ranges and docs, and the reading of it from a YAML file,
// the environment and flags.
//
// # In call order
//
//	base := config.Default()      // perhaps changed by what the program declares
//	cfg, err := config.Load(config.Sources{Base: &base, File: file, Env: os.Environ(), Flags: set})
//
// [Load] overlays, each over the one before: the defaults, what the program declares
// ([Sources].Base), the file, the environment (GALE_TOPOLOGY_BATCH_SIZE), the flags
// (topology.batch-size=64). A Config that was made in code is checked by
// [Config.Validate]. [Config.Describe] prints every key with its value, range and doc.
//
// # What is guaranteed
//
// Either every value is of its type and in its range, or there is an [*Error] that
// lists all mistakes of all sources, each with its place (gale.yaml:7:23) and, where a
// name is unknown, the nearest known one. The exception is a file that is no YAML: of
// it only the first syntax error is known.
//
// A [Secret] never prints, neither by itself nor in a mistake.
//
// # What is not
//
// The file is a plain subset of YAML: one document, without anchors, aliases, merge
// keys and tags, whose values have their types (no "256" for 256). Numbers are decimal.
//
// The package has no state and no goroutines; its functions may be called from anywhere.
package config
