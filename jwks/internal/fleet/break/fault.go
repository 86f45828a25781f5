package main

import (
	"fmt"
	"strings"
)

// A fault is a change to the sources that breaks an invariant: in file, old becomes new.
type fault struct {
	title    string
	file     string // relative to the root of the repository
	old, new string
}

// parse parses faults, separated by empty lines and written as
//
//	= title
//	file
//	 	a line of context
//	-	a line that is removed
//	+	a line that is added
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
			return nil, fmt.Errorf("faults.txt: incomplete fault; want a title, a file and a change in %q", block)
		}
		all = append(all, f)
	}
	return all, nil
}

// apply returns source with the fault in it.
func (f fault) apply(source string) (string, error) {
	const start = "\n" // before source and old, so that only whole lines match
	i := strings.Index(start+source, start+f.old)
	if i < 0 || i != strings.LastIndex(start+source, start+f.old) {
		return "", fmt.Errorf("%s: %s does not have the old lines exactly once; update faults.txt", f.title, f.file)
	}
	return source[:i] + f.new + source[i+len(f.old):], nil
}
