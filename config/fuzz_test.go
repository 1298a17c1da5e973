package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzDocument: whatever a file holds, it gives a valid configuration or mistakes with a place.
func FuzzDocument(f *testing.F) {
	for _, m := range mistakes {
		if len(m.file) < 1000 { // mutations of the huge ones say nothing new, slowly
			f.Add([]byte(m.file))
		}
	}
	f.Add([]byte(everyKey))
	f.Add([]byte("components: {count: {settings: {token: x, limits: [1, 2], by-name: {a: 0.5}}}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, base := range []*Config{nil, declared()} {
			l := &loader{config: Default()}
			if base != nil {
				l.config, l.closed = *base, true
			}
			l.document("gale.yaml", text)
			if err := l.problems.err(); err != nil {
				require.Regexp(t, `gale.yaml:\d+:\d+: `, err.Error())
				continue
			}
			require.NoError(t, l.config.Validate())
		}
	})
}
