package rig

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/client"
	"github.com/galestream/gale/cluster"
	"github.com/galestream/gale/internal/faultproxy"
)

// The roles that a test program must give to [Main] for clusters.
const (
	NimbusRole     = "nimbus"     // with a NimbusSetting
	SupervisorRole = "supervisor" // with a SupervisorSetting
)

// NimbusSetting is what a Nimbus is given.
type NimbusSetting struct {
	ID     string
	Access cluster.Access
	Keys   string // the folder of the keys to issue credentials with; empty for none
}

// SupervisorSetting is what a supervisor is given.
type SupervisorSetting struct {
	ID           string
	Data         string
	Slots        int
	Access       cluster.Access
	WorkerAccess *cluster.Access // nil: as the supervisor
}

// Options say what a cluster is made of.
type Options struct {
	Nimbuses     int  // 0 is 1
	Supervisors  int  // 0 is 2
	Slots        int  // of each supervisor; 0 is 4
	Proxied      bool // each daemon reaches NATS through a proxy of its own; workers through their supervisor's
	ProxyWorkers bool // workers of each supervisor reach NATS through a proxy of theirs; then NATS asks for no credentials
}

// Cluster is the processes of a cluster. NATS asks for credentials, unless Options.ProxyWorkers is set.
type Cluster struct {
	NATS        *Server
	Nimbuses    []*Daemon // named nimbus-1, ...
	Supervisors []*Daemon // named supervisor-1, ...
	Client      *client.Client
	Admin       cluster.Access // may do everything with the cluster's records
	Apps        cluster.Access // may do everything where topologies keep their state

	rig   *Rig
	t     testing.TB
	proxy bool
	apart bool
	keys  string
}

// Daemon is a Nimbus or a supervisor.
type Daemon struct {
	*Process
	ID      string
	Data    string            // the data folder, of a supervisor
	Proxy   *faultproxy.Proxy // nil unless Options.Proxied
	Workers *faultproxy.Proxy // of a supervisor's workers; nil unless Options.ProxyWorkers
}

// Cluster starts a cluster, and returns when a Nimbus leads and knows all supervisors.
func (r *Rig) Cluster(o Options) *Cluster {
	r.t.Helper()
	c := &Cluster{rig: r, t: r.t, proxy: o.Proxied, apart: o.ProxyWorkers}
	if !o.ProxyWorkers {
		c.keys = filepath.Join(r.dir, "keys")
	}
	c.NATS = r.server("nats", c.keys)
	c.Admin, c.Apps = c.access(c.NATS.URL, auth.Daemon), c.access(c.NATS.URL, auth.App)
	for range max(o.Nimbuses, 1) {
		c.AddNimbus()
	}
	var err error
	c.Client, err = client.Connect(c.access(c.NATS.URL, auth.Client))
	must(r.t, err, "connecting to the cluster")
	r.t.Cleanup(c.Client.Close)
	n := o.Supervisors
	if n == 0 {
		n = 2
	}
	for range n {
		c.AddSupervisor(o.Slots)
	}
	c.AwaitSupervisors(n)
	return c
}

// AddNimbus starts one more Nimbus.
func (c *Cluster) AddNimbus() *Daemon {
	c.t.Helper()
	d := &Daemon{ID: fmt.Sprintf("nimbus-%d", len(c.Nimbuses)+1)}
	d.Process = c.rig.Start(d.ID, NimbusRole, NimbusSetting{ID: d.ID, Access: c.access(c.way(&d.Proxy, c.proxy), auth.Daemon), Keys: c.keys})
	c.Nimbuses = append(c.Nimbuses, d)
	return d
}

// AddSupervisor starts one more supervisor.
func (c *Cluster) AddSupervisor(slots int) *Daemon {
	c.t.Helper()
	d := &Daemon{ID: fmt.Sprintf("supervisor-%d", len(c.Supervisors)+1)}
	d.Data = filepath.Join(c.rig.dir, d.ID)
	setting := SupervisorSetting{ID: d.ID, Data: d.Data, Slots: slots, Access: c.access(c.way(&d.Proxy, c.proxy), auth.Daemon)}
	if c.apart {
		setting.WorkerAccess = &cluster.Access{URL: c.way(&d.Workers, true)}
	}
	d.Process = c.rig.Start(d.ID, SupervisorRole, setting)
	c.Supervisors = append(c.Supervisors, d)
	return d
}

// way returns the address of NATS for a daemon, and makes the proxy that it leads through, if there is to be one.
func (c *Cluster) way(p **faultproxy.Proxy, proxied bool) string {
	c.t.Helper()
	if !proxied {
		return c.NATS.URL
	}
	u, err := url.Parse(c.NATS.URL)
	must(c.t, err, "the address of NATS")
	*p, err = faultproxy.New(u.Host)
	must(c.t, err, "the proxy")
	c.t.Cleanup((*p).Close)
	return "nats://" + (*p).Addr()
}

func (c *Cluster) access(url string, role auth.Role) cluster.Access {
	c.t.Helper()
	if c.keys == "" {
		return cluster.Access{URL: url}
	}
	file := filepath.Join(c.rig.dir, string(role)+".creds")
	if _, err := os.Stat(file); err == nil {
		// NATS clients read the file twice, for the token and for the key: one that is replaced in between makes them fail.
		return cluster.Access{URL: url, Credentials: file}
	}
	keys, err := auth.OpenKeys(c.keys)
	must(c.t, err, "the keys")
	text, err := keys.Issue(role, string(role))
	must(c.t, err, "credentials")
	must(c.t, auth.WriteFile(file, text), "credentials")
	return cluster.Access{URL: url, Credentials: file}
}

// AwaitSupervisors waits until so many supervisors are up.
func (c *Cluster) AwaitSupervisors(n int) {
	c.t.Helper()
	Await(c.t, fmt.Sprintf("%d supervisors are up", n), func() bool {
		s, err := c.Client.Status(c.t.Context())
		return err == nil && s.Supervisors == n
	})
}

// AwaitLeader waits until a Nimbus other than not answers, and returns it. nil waits for any.
func (c *Cluster) AwaitLeader(not *Daemon) (leader *Daemon) {
	c.t.Helper()
	Await(c.t, "a Nimbus leads", func() bool {
		s, err := c.Client.Status(c.t.Context())
		if err != nil || not != nil && s.Leader == not.ID {
			return false
		}
		for _, d := range c.Nimbuses {
			if d.ID == s.Leader {
				leader = d
			}
		}
		return leader != nil
	})
	return leader
}

// Submit has the test program run as a topology, with the variables, and waits until it runs.
func (c *Cluster) Submit(s client.Submission) cluster.Description {
	c.t.Helper()
	env := c.rig.Env()
	for k, v := range s.Program.Env {
		env[k] = v
	}
	s.Program.Env = env
	r, err := c.Client.Submit(c.t.Context(), s)
	must(c.t, err, "submitting")
	return c.AwaitRunning(r.Name, r.Generation)
}

// AwaitRunning waits until all workers of the generation run.
func (c *Cluster) AwaitRunning(name string, generation int) cluster.Description {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), Patience)
	defer cancel()
	d, err := c.Client.WaitRunning(ctx, name, generation, nil)
	must(c.t, err, "waiting for %s to run; it is %+v", name, d.Summary)
	return d
}

// Supervisor returns the supervisor of the id.
func (c *Cluster) Supervisor(id string) *Daemon {
	c.t.Helper()
	for _, d := range c.Supervisors {
		if d.ID == id {
			return d
		}
	}
	c.t.Fatalf("the rig has no supervisor %q", id)
	return nil
}
