package main

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plainly is how far URLs reach, without a topology.
func plainly(shares, followers map[string][]string, url string) int {
	people := map[string]bool{}
	for _, user := range shares[url] {
		for _, f := range followers[user] {
			people[f] = true
		}
	}
	return len(people)
}

func tables(t require.TestingT, data fs.FS) (shares, followers map[string][]string) {
	for name, table := range map[string]*map[string][]string{"shares.txt": &shares, "followers.txt": &followers} {
		text, err := fs.ReadFile(data, name)
		require.NoError(t, err)
		*table, err = parse(text)
		require.NoError(t, err)
	}
	return shares, followers
}

// check asks for all URLs there are, and for one that isn't.
func check(t interface {
	require.TestingT
	Helper()
}, ask func(urls []string) (string, error), data fs.FS) {
	t.Helper()
	shares, followers := tables(t, data)
	urls := append(slices.Sorted(maps.Keys(shares)), "https://nobody.example")
	var want strings.Builder
	for _, url := range urls {
		fmt.Fprintf(&want, "%d %s\n", plainly(shares, followers, url), url)
	}
	got, err := ask(urls)
	require.NoError(t, err)
	require.Equal(t, want.String(), got)
}

func TestReachOfTheDataBuiltIn(t *testing.T) {
	data := network("")
	check(t, func(urls []string) (string, error) {
		var out strings.Builder
		err := ask(t.Context(), &out, data, urls)
		return out.String(), err
	}, data)
	var out strings.Builder
	require.NoError(t, ask(t.Context(), &out, data, []string{"https://example.net/weather/gale-warning"}))
	require.Equal(t, "67 https://example.net/weather/gale-warning\n", out.String(), "which the README shows")
}

func TestReachOfAnyNetwork(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table := func(key string) string {
			var lines strings.Builder
			for n, users := range rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 12), 0, 8), 0, 10).Draw(r, key) {
				fmt.Fprintf(&lines, "%s%d", key, n)
				for _, u := range users {
					fmt.Fprintf(&lines, "\tu%d", u)
				}
				lines.WriteString("\n")
			}
			return lines.String()
		}
		data := fstest.MapFS{"shares.txt": {Data: []byte(table("https://"))}, "followers.txt": {Data: []byte(table("u"))}}
		check(r, func(urls []string) (string, error) {
			var out strings.Builder
			err := ask(t.Context(), &out, data, urls)
			return out.String(), err
		}, data)
	})
}

func TestDataThatIsWrongIsNamed(t *testing.T) {
	for want, data := range map[string]fstest.MapFS{
		"open shares.txt: file does not exist":      {"followers.txt": {}},
		`followers.txt: line 3: "a" is there twice`: {"shares.txt": {}, "followers.txt": {Data: []byte("a b\n# a\na c")}},
	} {
		require.ErrorContains(t, ask(t.Context(), nil, data, []string{"u"}), want)
	}
}
