package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/galestream/gale"
)

//go:embed data
var embedded embed.FS

func main() {
	flags := flag.NewFlagSet("reach", flag.ExitOnError)
	folder := flags.String("data", "", "the `FOLDER` of shares.txt and followers.txt; empty: those built in")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: reach [-data FOLDER] [URL ...]   (without a URL it stays, and answers the query reach)")
		flags.PrintDefaults()
	}
	_ = flags.Parse(gale.Args()) // which exits by itself
	data := network(*folder)
	if flags.NArg() == 0 {
		gale.Main(reach(data))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := ask(ctx, os.Stdout, data, flags.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "reach: %v\n", err)
		os.Exit(gale.ExitFailed)
	}
}

// network is where the files of the folder are, or those built in.
func network(folder string) fs.FS {
	if folder != "" {
		return os.DirFS(folder)
	}
	data, err := fs.Sub(embedded, "data")
	if err != nil {
		panic(err) // it is built in
	}
	return data
}

// ask runs the topology here, and prints how far each URL reaches.
func ask(ctx context.Context, out io.Writer, data fs.FS, urls []string) error {
	topo, err := reach(data).Build()
	if err != nil {
		return err
	}
	answers, err := gale.Ask(ctx, topo, "reach", urls...)
	for i, answer := range answers {
		fmt.Fprintf(out, "%s %s\n", answer[1:len(answer)-1], urls[i])
	}
	return err
}
