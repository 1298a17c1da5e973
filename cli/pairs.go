package cli

import (
	"os"
	"strconv"
	"strings"
)

// pairs reads flags of the form KEY=VALUE.
func pairs(flag string, all []string) (map[string]string, error) {
	m := map[string]string{}
	for _, p := range all {
		k, v, ok := strings.Cut(p, "=")
		if !ok || k == "" {
			return nil, &usageError{text: "--" + flag + " " + strconv.Quote(p) + " must have the form KEY=VALUE"}
		}
		m[k] = v
	}
	return m, nil
}

// variables reads --env flags: KEY=VALUE, or KEY alone for the value that it has here.
func variables(all []string) (map[string]string, error) {
	m := map[string]string{}
	for _, p := range all {
		k, v, given := strings.Cut(p, "=")
		if !given {
			v, given = os.LookupEnv(k)
		}
		if !given || k == "" {
			return nil, &usageError{text: "--env " + strconv.Quote(p) + " must have the form KEY=VALUE, or name a variable that is set here"}
		}
		m[k] = v
	}
	return m, nil
}

// counts reads --parallelism flags: COMPONENT=N, several of them separated by commas.
func counts(all []string) (map[string]int, error) {
	if len(all) == 0 {
		return nil, nil
	}
	m := map[string]int{}
	for _, p := range strings.Split(strings.Join(all, ","), ",") {
		k, v, _ := strings.Cut(p, "=")
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || k == "" {
			return nil, &usageError{text: "--parallelism " + strconv.Quote(p) + " must have the form COMPONENT=N, N being at least 1"}
		}
		m[k] = n
	}
	return m, nil
}
