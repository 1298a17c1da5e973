package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/galestream/gale/connector/jetstream"
)

// options are what the command line says.
type options struct {
	access  jetstream.Access
	in, out string // names of streams
	end     bool
	fill    int64 // how many numbers to publish; 0 is not to
	rate    float64
	check   bool
}

// parseOptions reads the command line. The error lists all that is wrong with it; it is
// [flag.ErrHelp] when help was asked for. Usage, when it is due, goes to w.
func parseOptions(args []string, w io.Writer) (options, error) {
	var o options
	flags := o.flags(w)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if err := o.validate(flags.Args()); err != nil {
		fmt.Fprintf(w, "relay: %v\n", err)
		flags.Usage()
		return o, err
	}
	return o, nil
}

func (o *options) flags(w io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("relay", flag.ContinueOnError)
	f.SetOutput(w)
	f.StringVar(&o.access.URL, "nats", jetstream.DefaultURL, "the NATS server, `URL`; several are separated by commas")
	f.StringVar(&o.access.Credentials, "creds", "", "the credentials, a `FILE` as the NATS tools write it")
	f.StringVar(&o.access.CA, "tls-ca", "", "certificate authorities, a PEM `FILE`; asks for TLS")
	f.StringVar(&o.access.Cert, "tls-cert", "", "the client's certificate, a PEM `FILE`; with -tls-key")
	f.StringVar(&o.access.Key, "tls-key", "", "the client's key, a PEM `FILE`")
	f.StringVar(&o.in, "in", "NUMBERS", "the `STREAM` of numbers")
	f.StringVar(&o.out, "out", "RESULTS", "the `STREAM` of results")
	f.BoolVar(&o.end, "end", false, "end when all numbers that there are at the start have their result")
	f.Int64Var(&o.fill, "fill", 0, "make both streams, unless they are there, publish the numbers from 1 to `N`, and end")
	f.Float64Var(&o.rate, "rate", 0, "with -fill, `NUMBERS` a second; 0 is as fast as it goes")
	f.BoolVar(&o.check, "check", false, "compare the results with the numbers, print what is lost and doubled, and end: with exit code 1 if any is lost or wrong")
	f.Usage = func() {
		fmt.Fprintln(w, "usage: relay [-end] [flags]               compute the results of the numbers\n"+
			"       relay -fill N [-rate R] [flags]     publish numbers\n"+
			"       relay -check [flags]                see whether all have their result")
		f.PrintDefaults()
	}
	return f
}

func (o *options) validate(args []string) error {
	var errs []error
	refuse := func(bad bool, format string, a ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, a...))
		}
	}
	refuse(len(args) > 0, "there are no arguments besides the flags, but %q", args)
	refuse(o.in == "" || o.out == "" || o.in == o.out, "-in and -out are %q and %q; they must name two streams", o.in, o.out)
	refuse(o.fill < 0 || o.fill > largest, "-fill is %d; it must be from 1 to %d", o.fill, largest)
	refuse(!(o.rate >= 0), "-rate is %v; it must not be negative", o.rate)
	refuse(o.rate > 0 && o.fill == 0, "-rate goes with -fill only")
	refuse(count(o.end, o.fill != 0, o.check) > 1, "-end, -fill and -check exclude each other")
	refuse((o.access.Cert == "") != (o.access.Key == ""), "-tls-cert and -tls-key go together")
	return errors.Join(errs...)
}

func count(flags ...bool) (n int) {
	for _, set := range flags {
		if set {
			n++
		}
	}
	return n
}
