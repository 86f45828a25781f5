package conformance

import (
	"fmt"
	"io"
	"strings"
)

// A Tally counts the verdicts on the cases of one file. The zero Tally is empty.
type Tally struct {
	Cases, OK, Skipped int
	Wrong              []string // IDs
	Refused            []string // IDs; each of these cases is also OK or Wrong
	Secrets            []string // IDs of cases with a refused secret, which are neither OK nor Wrong
	Deviations         []string // ID and verdict of each case that passes without the preferred verdict
}

// Skip counts a case that needs a feature that the verifier does not have.
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

// Print writes the counts as one line that ends with the name of the file, and then the lists
// behind the counts.
func (y *Tally) Print(w io.Writer, file string) {
	fmt.Fprintf(w, "conformance: %d cases, %d ok, %d wrong, %d skipped, %d with a refused secret, %d refused at setup (%s)\n",
		y.Cases, y.OK, len(y.Wrong), y.Skipped, len(y.Secrets), len(y.Refused), file)
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
