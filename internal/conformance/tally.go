package conformance

import (
	"fmt"
	"io"
	"strings"
)

// A Tally counts the verdicts on cases. The zero Tally has seen none.
type Tally struct {
	Cases, OK, Skipped int
	Wrong              []string // IDs
	Refused            []string // IDs; each is OK or Wrong as well
	Secrets            []string // IDs of cases whose secret is refused; none is OK or Wrong
	Deviations         []string // ID and verdict of what is not Wrong on another verdict than the preferred one
}

// Skip counts a case that was not judged, since the verifier does not offer what
// it needs.
func (y *Tally) Skip() {
	y.Cases++
	y.Skipped++
}

// Record counts the verdict on c, and reports whether it passes.
func (y *Tally) Record(c *Case, got Verdict) bool {
	y.Cases++
	if got == SecretRefused {
		y.Secrets = append(y.Secrets, c.ID)
		if c.Want != Invalid {
			y.Deviations = append(y.Deviations, deviation(c, got))
		}
		return true
	}
	if got == RefusedAtSetup {
		y.Refused = append(y.Refused, c.ID)
		got = Invalid
	}
	if !c.Accepts(got) {
		y.Wrong = append(y.Wrong, c.ID)
		return false
	}
	if got != c.Want {
		y.Deviations = append(y.Deviations, deviation(c, got))
	}
	y.OK++
	return true
}

func deviation(c *Case, got Verdict) string {
	return fmt.Sprintf("%s %s (preferred: %s)", c.ID, got, c.Want)
}

// Add counts what other has counted, too.
func (y *Tally) Add(other *Tally) {
	y.Cases += other.Cases
	y.OK += other.OK
	y.Skipped += other.Skipped
	y.Wrong = append(y.Wrong, other.Wrong...)
	y.Refused = append(y.Refused, other.Refused...)
	y.Secrets = append(y.Secrets, other.Secrets...)
	y.Deviations = append(y.Deviations, other.Deviations...)
}

// Print writes the counts as one line, and then the lists behind them.
func (y *Tally) Print(w io.Writer) {
	fmt.Fprintf(w, "conformance: %d cases, %d ok, %d wrong, %d skipped, %d with a refused secret, %d refused at setup\n",
		y.Cases, y.OK, len(y.Wrong), y.Skipped, len(y.Secrets), len(y.Refused))
	for _, list := range []struct {
		title string
		ids   []string
	}{
		{"wrong", y.Wrong},
		{"with a refused secret", y.Secrets},
		{"refused at setup", y.Refused},
		{"deviations", y.Deviations},
	} {
		if len(list.ids) > 0 {
			fmt.Fprintf(w, "%s:\n\t%s\n", list.title, strings.Join(list.ids, "\n\t"))
		}
	}
}
