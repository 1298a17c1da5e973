package main

import (
	"errors"
	"flag"
	"os"

	"github.com/galestream/gale"
)

func main() {
	o, err := parse(gale.Args(), os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(gale.ExitOK)
	}
	if err != nil {
		os.Exit(gale.ExitUsage)
	}
	gale.Main(watch(o, os.Stdout))
}
