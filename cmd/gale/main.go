// Command gale runs a cluster of Gale, and rules it: see package cli, or gale -h.
package main

import (
	"os"

	"github.com/galestream/gale/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
