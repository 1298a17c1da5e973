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
	access   jetstream.Access
	in, out  string // names of streams
	postgres string // a URL, instead of out
	end      bool
	fill     int64 // how many transfers to publish; 0 is not to
	accounts int64
	rate     float64
	check    bool
}

// mostTransfers is how many can be published at a time.
const mostTransfers = 1_000_000_000

// parseOptions reads the command line. The error lists all that is wrong with it; it is
// [flag.ErrHelp] when help was asked for. Usage, when it is due, goes to w.
func parseOptions(args []string, w io.Writer) (options, error) {
	var o options
	flags := o.flags(w)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if err := o.validate(flags.Args()); err != nil {
		fmt.Fprintf(w, "balances: %v\n", err)
		flags.Usage()
		return o, err
	}
	return o, nil
}

func (o *options) flags(w io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("balances", flag.ContinueOnError)
	f.SetOutput(w)
	f.StringVar(&o.access.URL, "nats", jetstream.DefaultURL, "the NATS server, `URL`; several are separated by commas")
	f.StringVar(&o.access.Credentials, "creds", "", "the credentials, a `FILE` as the NATS tools write it")
	f.StringVar(&o.access.CA, "tls-ca", "", "certificate authorities, a PEM `FILE`; asks for TLS")
	f.StringVar(&o.access.Cert, "tls-cert", "", "the client's certificate, a PEM `FILE`; with -tls-key")
	f.StringVar(&o.access.Key, "tls-key", "", "the client's key, a PEM `FILE`")
	f.StringVar(&o.in, "in", "TRANSFERS", "the `STREAM` of transfers")
	f.StringVar(&o.out, "out", "BALANCES", "the `STREAM` of balances")
	f.StringVar(&o.postgres, "postgres", "", "the `URL` of a Postgres database, whose table balances is written instead of the stream")
	f.BoolVar(&o.end, "end", false, "end when all transfers that there are at the start have been added up")
	f.Int64Var(&o.fill, "fill", 0, "make both streams (or the table), unless they are there, publish `N` random transfers, and end")
	f.Int64Var(&o.accounts, "accounts", 100, "with -fill, how many accounts there are, 2 to 100000")
	f.Float64Var(&o.rate, "rate", 0, "with -fill, `TRANSFERS` a second; 0 is as fast as it goes")
	f.BoolVar(&o.check, "check", false, "compare the balances with the transfers, print what is wrong, and end: with exit code 1 if anything is")
	f.Usage = func() {
		fmt.Fprintln(w, "usage: balances [-end] [flags]               keep the balances of accounts\n"+
			"       balances -fill N [-rate R] [flags]    publish transfers\n"+
			"       balances -check [flags]               see whether all balances are right")
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
	refuse(o.fill < 0 || o.fill > mostTransfers, "-fill is %d; it must be from 1 to %d", o.fill, mostTransfers)
	refuse(o.accounts < 2 || o.accounts > 100_000, "-accounts is %d; it must be from 2 to 100000", o.accounts)
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
