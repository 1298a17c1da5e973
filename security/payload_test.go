package security

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// payloads are names that lead out of folders, into shells and into other subjects where they are trusted.
func payloads() (all []string) {
	for _, up := range []string{"../", "..\\", "%2e%2e%2f", "%252e%252e%252f", "..%c0%af", "‥/", "．．/", "....//", "/../", "./../"} {
		for _, file := range []string{"id", "etc/passwd", "keys/operator.nk", "secret", "lock"} {
			for n := 1; n <= 4; n++ {
				all = append(all, strings.Repeat(up, n)+file)
			}
		}
	}
	return append(all, ".", "..", "/", "/etc/passwd", "/proc/self/environ", "a/b", "a\x00b", "\x00", "~", "~root", "-rf", "--data=/", "$(id)", "`id`", "a;id",
		"a|id", "a&id", "a\nb", "a\r\nb", "a\tb", strings.Repeat("a", 300), strings.Repeat("../", 100), "a b", "é", "a\u202eb", "\x1b[2J", "file:///etc/passwd",
		"*", ">", "a.*", "a.>", "a..b", "a.", ".a", "$KV.gale.epoch", "<script>alert(1)</script>", "' or 1=1", "a:b")
}

func TestS01ThereAreEnoughPayloads(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range payloads() {
		require.False(t, seen[p], "%q is there twice", p)
		seen[p] = true
	}
	require.GreaterOrEqual(t, len(seen), 200)
}
