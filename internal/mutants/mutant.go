package main

import (
	"fmt"
	"path"
	"strings"
)

// A mutant is one fault: it replaces the lines old in file by the lines new.
type mutant struct {
	group, title string
	file         string
	old, new     string
}

func (m mutant) String() string { return m.group + ": " + m.title }

// module returns the folder of the module that holds the file.
func (m mutant) module() string {
	if strings.HasPrefix(m.file, "jwks/") {
		return "jwks"
	}
	return "."
}

// folder returns the folder of the file, as an argument of go test in the module.
func (m mutant) folder() string {
	return "./" + strings.TrimPrefix(strings.TrimPrefix(path.Dir(m.file), m.module()), "/")
}

// parse reads mutants in this format, separated by empty lines:
//
//	# group
//	= title
//	file
//	 	a line that stays, which identifies the place
//	-	a line that is removed
//	+	a line that is added
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
			return nil, fmt.Errorf("mutants.txt: got the mutant %q, want a group, a title, a file and a change", block)
		}
		all = append(all, m)
	}
	return all, nil
}

// apply returns source with the fault in it.
func (m mutant) apply(source string) (string, error) {
	const start = "\n" // the lines of old begin after a line break, the first line of source too
	at := strings.Index(start+source, start+m.old)
	if at < 0 || at != strings.LastIndex(start+source, start+m.old) {
		return "", fmt.Errorf("%v: its lines occur not exactly once in %s: update mutants.txt", m, m.file)
	}
	return source[:at] + m.new + source[at+len(m.old):], nil
}
