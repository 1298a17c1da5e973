package rig

import (
	"context"
	"encoding/json"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/galestream/gale/auth"
	"github.com/galestream/gale/natsd"
)

const serverRole = "rig-nats"

// Server is a NATS server in a process of its own.
type Server struct {
	*Process
	URL string // stays over restarts
}

type serverSetting struct {
	Data string
	Port int
	Keys string // the folder; empty for none
}

// Server starts a NATS server. Everybody may connect to it.
func (r *Rig) Server(name string) *Server {
	r.t.Helper()
	return r.server(name, "")
}

func (r *Rig) server(name, keys string) *Server {
	r.t.Helper()
	setting := serverSetting{Data: filepath.Join(r.dir, name), Port: -1, Keys: keys}
	p := r.Start(name, serverRole, setting)
	s := &Server{p, p.said}
	u, err := url.Parse(s.URL)
	must(r.t, err, "the address of %s", name)
	setting.Port, err = strconv.Atoi(u.Port())
	must(r.t, err, "the port of %s", name)
	p.setting, err = json.Marshal(setting) // where clients will look for it
	must(r.t, err, "the setting of %s", name)
	return s
}

func serve(ctx context.Context, text []byte, ready func(string)) error {
	var setting serverSetting
	if err := json.Unmarshal(text, &setting); err != nil {
		return err
	}
	o := natsd.Options{Data: setting.Data, Port: setting.Port}
	if setting.Keys != "" {
		keys, err := auth.OpenKeys(setting.Keys)
		if err != nil {
			return err
		}
		o.Keys = keys
	}
	s, err := natsd.Start(o)
	if err != nil {
		return err
	}
	defer s.Shutdown()
	ready(s.URL())
	<-ctx.Done()
	return nil
}
