package main

import (
	"fmt"
	"strings"
)

// A fault is a change that breaks a promise: in file, old becomes new.
type fault struct {
	title    string
	file     string // from the top of the repository
	old, new string
}

// parse reads faults, written as
//
//	= title
//	file
//	 	a line that stays, to tell one place from another
//	-	a line that goes
//	+	a line that comes
//
// with an empty line between two.
func parse(text string) ([]fault, error) {
	var all []fault
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var f fault
		for line := range strings.Lines(block + "\n") {
			switch mark, rest := line[0], line[1:]; mark {
			case '=':
				f.title = strings.TrimSpace(rest)
			case ' ':
				f.old, f.new = f.old+rest, f.new+rest
			case '-':
				f.old += rest
			case '+':
				f.new += rest
			default:
				f.file = strings.TrimSpace(line)
			}
		}
		if f.title == "" || f.file == "" || f.old == f.new {
			return nil, fmt.Errorf("faults.txt: a fault wants a title, a file and a change: %q", block)
		}
		all = append(all, f)
	}
	return all, nil
}

// apply returns source with the fault in it.
func (f fault) apply(source string) (string, error) {
	const start = "\n" // so that whole lines are compared, the first one too
	at := strings.Index(start+source, start+f.old)
	if at < 0 || at != strings.LastIndex(start+source, start+f.old) {
		return "", fmt.Errorf("%s: its lines are not, or not only once, in %s: bring faults.txt up to date", f.title, f.file)
	}
	return source[:at] + f.new + source[at+len(f.old):], nil
}
