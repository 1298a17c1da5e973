package gale

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitArgs(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want galeFlags
		own  []string
	}{
		{name: "nothing"},
		{name: "the program's", args: []string{"-top=3", "--v", "file", "-"}, own: []string{"-top=3", "--v", "file", "-"}},
		{name: "one hyphen", args: []string{"-gale.log.level=warn"}, want: galeFlags{set: []string{"log.level=warn"}}},
		{name: "two hyphens", args: []string{"--gale.log.level=warn"}, want: galeFlags{set: []string{"log.level=warn"}}},
		{name: "none or three are no flag", args: []string{"gale.a=1", "---gale.a=1"}, own: []string{"gale.a=1", "---gale.a=1"}},
		{name: "another's prefix", args: []string{"-galeforce=9", "-gale=1", "-x.gale.a=1"}, own: []string{"-galeforce=9", "-gale=1", "-x.gale.a=1"}},
		{name: "switches", args: []string{"-gale.plain", "--gale.help"}, want: galeFlags{plain: true, help: true}},
		{name: "the last file", args: []string{"-gale.config=a", "-gale.config=b=c"}, want: galeFlags{file: "b=c"}},
		{name: "an empty value", args: []string{"-gale.log.level="}, want: galeFlags{set: []string{"log.level="}}},
		{name: "a switch with a value is a key", args: []string{"-gale.plain=no"}, want: galeFlags{set: []string{"plain=no"}}},
		{name: "mixed", args: []string{"a", "-gale.x=1", "b", "-gale.y=2", "-c"},
			want: galeFlags{set: []string{"x=1", "y=2"}}, own: []string{"a", "b", "-c"}},
		{name: "what follows -- is the program's", args: []string{"-gale.plain", "--", "-gale.help", "--", "a"},
			want: galeFlags{plain: true}, own: []string{"--", "-gale.help", "--", "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags, own, err := splitArgs(c.args)
			require.NoError(t, err)
			require.Equal(t, c.want, flags)
			require.Equal(t, c.own, own)
		})
	}
}

func TestFlagsWithoutTheirValues(t *testing.T) {
	for arg, want := range map[string]string{
		"-gale.config":               "flag -gale.config needs a value: -gale.config=VALUE (-gale.help lists all)",
		"-gale.config=":              "flag -gale.config needs a value: -gale.config=VALUE (-gale.help lists all)",
		"--gale.topology.batch-size": "flag -gale.topology.batch-size needs a value: -gale.topology.batch-size=VALUE (-gale.help lists all)",
		"-gale.":                     "flag -gale. needs a value: -gale.=VALUE (-gale.help lists all)",
	} {
		_, own, err := splitArgs([]string{arg, "file", "-gale.seed"})
		require.EqualError(t, err, want, "the first mistake")
		require.Equal(t, []string{"file"}, own, "which the program still gets")
	}
}
