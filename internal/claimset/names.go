package claimset

import (
	"strconv"
	"strings"
)

// Mismatch says how names differ from the wanted ones, without quoting them.
func Mismatch(got, want []string) string {
	for _, g := range got {
		for _, w := range want {
			switch {
			case strings.TrimRight(g, "/") == strings.TrimRight(w, "/"):
				return "differs only by a slash at the end from"
			case strings.EqualFold(g, w):
				return "differs only by upper and lower case from"
			case strings.TrimSpace(g) == strings.TrimSpace(w):
				return "differs only by white space from"
			}
		}
	}
	return "does not match"
}

// Quote returns the names in quotation marks.
func Quote(names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, strconv.Quote(name))
	}
	return strings.Join(quoted, " or ")
}
