package sessiontest

import (
	"context"

	"github.com/jwtexp/jwtexp/session"
)

// RuleNames returns the names of all rules.
func RuleNames() []string {
	var names []string
	for _, r := range rules() {
		names = append(names, r.name)
	}
	return names
}

// Check checks one rule, and returns what TestStore reports, or "".
func Check(ctx context.Context, name string, newStore func() session.Store) string {
	for _, r := range rules() {
		if r.name == name {
			p := newProbe(ctx, newStore)
			r.check(p)
			return p.report(r)
		}
	}
	panic("unknown rule: " + name)
}
