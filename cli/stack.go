package cli

import (
	"regexp"
	"strings"
)

// ownFrames are functions that a stack of a panic has whatever the user's code did: those of Go's runtime, and of the worker that calls it.
var ownFrames = []string{"runtime.", "runtime/debug.", "panic(", "github.com/galestream/gale/worker"}

var (
	frameArguments = regexp.MustCompile(`\([^()]*\)$`)
	frameCreator   = regexp.MustCompile(` in goroutine \d+$`)
	frameOffset    = regexp.MustCompile(` \+0x[0-9a-f]+$`)
)

// stackLines returns what a panic printed, from the user's code alone and without addresses, so that equal stacks are equal texts. What
// is no stack comes as it is.
func stackLines(text string) (lines []string) {
	frames := 0
	all := strings.Split(text, "\n")
	for i := 0; i < len(all); i++ {
		isFrame := i+1 < len(all) && strings.HasPrefix(all[i+1], "\t")
		switch {
		case isFrame && !isOwn(all[i]):
			lines = append(lines, frameFunction(all[i]), frameOffset.ReplaceAllString(all[i+1], ""))
			frames++
			i++
		case isFrame:
			i++
		case all[i] != "" && !strings.HasPrefix(all[i], "goroutine "):
			lines = append(lines, all[i])
		}
	}
	if frames == 0 {
		return all // all of it is Gale's own, or was cut: better too much than nothing
	}
	return lines
}

// frameFunction is the function of a frame, without what differs from call to call.
func frameFunction(frame string) string {
	if strings.HasPrefix(frame, "created by ") {
		return frameCreator.ReplaceAllString(frame, "")
	}
	return frameArguments.ReplaceAllString(frame, "(...)")
}

func isOwn(frame string) bool {
	frame = strings.TrimPrefix(frame, "created by ")
	for _, own := range ownFrames {
		if strings.HasPrefix(frame, own) {
			return true
		}
	}
	return false
}
