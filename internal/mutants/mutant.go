package main

import (
	"fmt"
	"strings"
)

// A mutant is one fault: in file, old becomes new.
type mutant struct {
	group, title string
	file         string
	old, new     string
}

func (m mutant) String() string { return m.group + ": " + m.title }

// parse reads mutants, written as
//
//	# group
//	= title
//	file
//	 	a line that stays, to tell one place from another
//	-	a line that goes
//	+	a line that comes
//
// with an empty line between two.
func parse(text string) ([]mutant, error) {
	var all []mutant
	group := ""
	for _, block := range strings.Split(text, "\n\n") {
		var m mutant
		for line := range strings.Lines(block) {
			switch body := strings.TrimSuffix(line[1:], "\n"); line[0] {
			case '\n':
			case '#':
				group = strings.TrimSpace(body)
			case '=':
				m.title = strings.TrimSpace(body)
			case ' ':
				m.old += body + "\n"
				m.new += body + "\n"
			case '-':
				m.old += body + "\n"
			case '+':
				m.new += body + "\n"
			default:
				m.file = strings.TrimSpace(line)
			}
		}
		if m == (mutant{}) {
			continue
		}
		m.group = group
		if m.group == "" || m.title == "" || m.file == "" || m.old == m.new {
			return nil, fmt.Errorf("mutants.txt: a mutant wants a group, a title, a file and a change: %q", block)
		}
		all = append(all, m)
	}
	return all, nil
}

// apply returns source with the fault in it.
func (m mutant) apply(source string) (string, error) {
	const start = "\n" // so that whole lines are compared, the first one too
	at := strings.Index(start+source, start+m.old)
	if at < 0 || at != strings.LastIndex(start+source, start+m.old) {
		return "", fmt.Errorf("%v: its lines are not, or not only once, in %s: bring mutants.txt up to date", m, m.file)
	}
	return source[:at] + m.new + source[at+len(m.old):], nil
}
