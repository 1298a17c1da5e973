package cli

import (
	"fmt"
	"path/filepath"

	"github.com/galestream/gale/natsd"
	"github.com/urfave/cli/v2"
	"go.uber.org/zap"
)

func natsVerb() *verb {
	return &verb{
		name: "nats", category: clusterVerbs, usage: "runs a NATS server for a cluster", local: true, silent: true, run: runNATS,
		example: "gale nats --data /var/lib/gale/nats",
		about: "The keys of the cluster and credentials for its parts are made at the first start, in the folders keys and\ncredentials of the data folder: daemon.creds for Nimbuses and supervisors, client.creds for this\n" +
			"command, app.creds for topologies' own streams. Listening beyond this machine needs TLS.",
		flags: append(append([]cli.Flag{dataFlag("nats")}, serverFlags()...), logFlags("info")...),
	}
}

// serverFlags are those of a NATS server.
func serverFlags() []cli.Flag {
	return append(listenFlags(),
		&cli.StringFlag{Name: "tls-cert", Usage: "certificate of the server, PEM `FILE`"},
		&cli.StringFlag{Name: "tls-key", Usage: "the key of that certificate, PEM `FILE`"},
		&cli.StringFlag{Name: "tls-client-ca", Usage: "ask for clients' certificates that one of these authorities has signed, PEM `FILE`"},
	)
}

// listenFlags are those of a NATS server but for TLS.
func listenFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "host", Usage: "address to listen on `ADDRESS`", Value: "127.0.0.1"},
		&cli.IntFlag{Name: "port", Usage: "port to listen on, -1 for any that is free `PORT`", Value: 4222},
		&cli.IntFlag{Name: "monitor-port", Usage: "port of NATS' own monitoring, on this machine only `PORT`", DefaultText: "none"},
		&cli.BoolFlag{Name: "no-auth", Usage: "let everybody connect who reaches the port"},
		&cli.BoolFlag{Name: "insecure", Usage: "listen beyond this machine also without credentials or TLS"},
	}
}

// startNATS starts a server as serverFlags say. The secrets are nil with --no-auth.
func (i *invocation) startNATS(data string, log *zap.Logger) (s *natsd.Server, keep *secrets, err error) {
	o := natsd.Options{
		Data: filepath.Join(data, "nats"), Host: i.String("host"), Port: i.Int("port"), MonitorPort: i.Int("monitor-port"), Insecure: i.Bool("insecure"),
		TLSCert: i.String("tls-cert"), TLSKey: i.String("tls-key"), TLSClientCA: i.String("tls-client-ca"), Log: log.Named("nats"),
	}
	if !i.Bool("no-auth") {
		if keep, err = openSecrets(data); err != nil {
			return nil, nil, err
		}
		o.Keys = keep.keys
	}
	s, err = natsd.Start(o)
	return s, keep, err
}

func runNATS(i *invocation) error {
	log, err := i.logger(i.err)
	if err != nil {
		return err
	}
	data, err := i.data("nats")
	if err != nil {
		return err
	}
	s, keep, err := i.startNATS(data, log)
	if err != nil {
		return err
	}
	defer s.Shutdown()
	if _, err := fmt.Fprintf(i.out, "NATS at %s, data in %s%s\n", s.URL(), data, credentialsNote(keep)); err != nil {
		return err
	}
	<-i.ctx.Done()
	return nil
}

func credentialsNote(s *secrets) string {
	if s == nil {
		return ", open to everybody"
	}
	return ", credentials in " + filepath.Dir(s.daemon)
}
