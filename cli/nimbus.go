package cli

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/natsd"
	"github.com/galestream/gale/nimbus"
	"github.com/urfave/cli/v2"
	"go.uber.org/zap"
)

func nimbusVerb() *verb {
	return &verb{
		name: "nimbus", category: clusterVerbs, usage: "runs a Nimbus, which rules a cluster", silent: true, run: runNimbus,
		example: "gale nimbus --nats nats://10.0.0.1:4222 --creds daemon.creds --account-key account-gale.nk",
		about: "Several may run: one leads, and another takes over within seconds when it ends. With --embedded it runs\nthe cluster's NATS server as well: see 'gale nats' for the flags of that; --tls-cert and --tls-key are\n" +
			"the server's then.",
		flags: append(append([]cli.Flag{
			&cli.StringFlag{Name: "id", Usage: "who it is, among Nimbuses `ID`", DefaultText: "the machine's name"},
			&cli.IntFlag{Name: "replicas", Usage: "how many NATS servers keep each record, 1 to 5 `N`", Value: 1},
			&cli.StringFlag{Name: "account-key", Usage: "seed of the account GALE, to make workers' credentials with `FILE`"},
			&cli.StringFlag{Name: "apps-key", Usage: "seed of the account APPS, to make credentials for topologies' state with `FILE`", DefaultText: "account-apps.nk beside the account key, if it is there"},
			&cli.BoolFlag{Name: "embedded", Usage: "run a NATS server, too"},
			dataFlag("nimbus"),
		}, listenFlags()...), logFlags("info")...),
	}
}

// runNimbus ends when Nimbus does, or when ctx is done.
func runNimbus(i *invocation) error {
	log, err := i.logger(i.err)
	if err != nil {
		return err
	}
	o, err := i.nimbusOptions(log)
	if err != nil {
		return err
	}
	if i.Bool("embedded") {
		server, err := i.embed(&o, log)
		if err != nil {
			return err
		}
		defer server.Shutdown()
	}
	n, err := nimbus.New(o)
	if err != nil {
		return err
	}
	return n.Run(i.ctx)
}

func (i *invocation) nimbusOptions(log *zap.Logger) (o nimbus.Options, err error) {
	o = nimbus.Options{ID: cmp.Or(i.String("id"), machineName()), Replicas: i.Int("replicas"), Access: i.givenAccess(), Log: log, Version: version()}
	file := i.String("account-key")
	switch {
	case file != "":
		return o, i.readIssuer(&o, file, log)
	case i.IsSet("apps-key"):
		return o, i.mistake("--apps-key goes with --account-key: credentials are made with both, or with none")
	}
	return o, nil
}

// readIssuer reads the keys. Without that of APPS, topologies that keep no state can run all the same.
func (i *invocation) readIssuer(o *nimbus.Options, file string, log *zap.Logger) error {
	apps := i.String("apps-key")
	if apps == "" {
		beside := filepath.Join(filepath.Dir(file), "account-apps.nk")
		if _, err := os.Stat(beside); err == nil {
			apps = beside
		} else {
			log.Warn("topologies can't keep state: there is no key of the account APPS; give it with --apps-key", zap.String("looked for", beside))
		}
	}
	issuer, err := auth.ReadIssuer(file, apps)
	if err != nil {
		return err
	}
	o.Issuer = issuer
	return nil
}

// embed starts the server that the Nimbus then connects to.
func (i *invocation) embed(o *nimbus.Options, log *zap.Logger) (*natsd.Server, error) {
	if i.String("nats")+i.String("creds")+i.String("account-key")+i.String("apps-key") != "" {
		return nil, i.mistake("--embedded runs a NATS server of its own: it goes without --nats, --creds (and GALE_NATS, GALE_CREDS), --account-key and --apps-key")
	}
	data, err := i.data("nimbus")
	if err != nil {
		return nil, err
	}
	server, keep, err := i.startNATS(data, log)
	if err != nil {
		return nil, err
	}
	o.Access.URL, o.Access.Cert, o.Access.Key = server.URL(), "", ""
	if keep != nil {
		o.Access.Credentials, o.Issuer = keep.daemon, keep.keys.Issuer()
	}
	return server, nil
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// machineName is the machine's name as an id.
func machineName() string {
	name, err := os.Hostname()
	if err != nil {
		return "nimbus"
	}
	id := strings.Trim(notInID.ReplaceAllString(name, "-"), "-_")
	return cmp.Or(id[:min(len(id), 64)], "nimbus")
}
