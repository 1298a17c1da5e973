package schedule_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/galestream/gale/nimbus/schedule"
)

// cluster makes supervisors of lines such as "a 4 gpu=true", which is one of id a with 4 slots and a label. The
// words memory=, cpu=, os=, arch=, down and draining are no labels.
func cluster(lines ...string) (all []schedule.Supervisor) {
	for _, line := range lines {
		words := strings.Fields(line)
		s := schedule.Supervisor{ID: words[0], Slots: number(words[1]), OS: "linux", Arch: "amd64", Usable: true, Labels: map[string]string{}}
		for _, word := range words[2:] {
			describe(&s, word)
		}
		all = append(all, s)
	}
	return all
}

func describe(s *schedule.Supervisor, word string) {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "memory":
		s.Memory = number(value)
	case "cpu":
		s.CPU = number(value)
	case "os":
		s.OS = value
	case "arch":
		s.Arch = value
	case "down":
		s.Usable = false
	case "draining":
		s.Draining = true
	default:
		s.Labels[name] = value
	}
}

// components makes components of lines such as "count 4 lines memory=100": of id count with 4 tasks that receive from lines.
func components(lines ...string) (all []schedule.Component) {
	for _, line := range lines {
		words := strings.Fields(line)
		c := schedule.Component{ID: words[0], Parallelism: number(words[1])}
		for _, word := range words[2:] {
			switch name, value, _ := strings.Cut(word, "="); name {
			case "memory":
				c.Memory = number(value)
			case "cpu":
				c.CPU = number(value)
			default:
				c.Inputs = append(c.Inputs, name)
			}
		}
		all = append(all, c)
	}
	return all
}

// workers makes workers of text in the form that shown has.
func workers(text string) (all []schedule.Worker) {
	for _, part := range strings.Split(text, "; ") {
		if part == "" {
			continue
		}
		place, list, _ := strings.Cut(part, ": ")
		id, supervisor, _ := strings.Cut(place, "@")
		w := schedule.Worker{ID: id, Supervisor: supervisor}
		for _, task := range strings.Fields(list) {
			w.Tasks = append(w.Tasks, number(task))
		}
		all = append(all, w)
	}
	return all
}

// shown is the plan as "x@a: 1 2; @b: 3 4": worker x on supervisor a has tasks 1 and 2, and a new one on b has 3 and 4.
func shown(r schedule.Result) string {
	var parts []string
	for _, w := range r.Workers {
		parts = append(parts, fmt.Sprintf("%s@%s: %s", w.ID, w.Supervisor, strings.Trim(fmt.Sprint(w.Tasks), "[]")))
	}
	return strings.Join(parts, "; ")
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}
