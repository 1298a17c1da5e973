package postgrestest

import (
	"errors"
	"os/user"
	"strconv"
)

type account struct{ uid, gid uint32 }

// somebody is who runs the server when the test runs as root.
func somebody() (account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return account{uint32(uid), uint32(gid)}, nil
		}
	}
	return account{}, errors.New("no Postgres: it refuses to run as root, and there is neither a user postgres nor nobody")
}
