package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

var wrong = flag.String("wrong", "", "also print the cases that the libraries with this text in their path have wrong")

// ownCases are the cases in this repository, by the name that jwtexp's own test prints, which runs
// in the root of the module.
const ownCases = "testdata/conformance/cases.jsonl"

const top = "../../"

// TestPeers prints a table for each file of cases: the repository's own file, and the files of JWTEXP_CASES.
func TestPeers(t *testing.T) {
	files := []string{ownCases}
	for _, file := range filepath.SplitList(os.Getenv("JWTEXP_CASES")) {
		absolute, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, absolute)
	}
	own := jwtexpRows(t, files)
	for _, file := range files {
		printTable(t, file, own[file])
	}
}

func printTable(t *testing.T, file string, own row) {
	path := file
	if file == ownCases {
		path = top + file
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := conformance.Read(content)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	rows := []row{own}
	for _, p := range peers {
		r := p.run(t, cases)
		if r.checked == 0 {
			t.Errorf("%s: got no case checked, want some", p.module)
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows[1:], func(a, b row) int { return a.wrong()*b.checked - b.wrong()*a.checked })
	fmt.Printf("\n%s: %d cases\n\n", file, len(cases))
	fmt.Println("| library | checked | wrong | accepted, must be rejected | called expired or early, is invalid | rejected, must be accepted | other | not offered |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, r := range rows {
		fmt.Println(r)
	}
	for _, r := range rows {
		if *wrong != "" && strings.Contains(r.library, *wrong) {
			fmt.Printf("\n%s:\n\t%s\n", r.library, strings.Join(r.ids, "\n\t"))
		}
	}
}

// A row has the counts of one library.
type row struct {
	library                                     string
	checked, skipped                            int
	acceptedBad, untimelyBad, rejectedGood, odd int
	ids                                         []string
}

func (r row) wrong() int { return r.acceptedBad + r.untimelyBad + r.rejectedGood + r.odd }

func (r row) String() string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d |",
		r.library, r.checked, r.wrong(), r.acceptedBad, r.untimelyBad, r.rejectedGood, r.odd, r.skipped)
}

func (p peer) run(t *testing.T, cases []*conformance.Case) row {
	r := row{library: p.module + " " + version(t, p.module)}
	for _, c := range cases {
		got, err := p.check(t, c)
		if got == notTold {
			r.skipped++
			continue
		}
		r.checked++
		r.count(c, got, err)
	}
	return r
}

// check returns the verdict of a library on a case. A panic is a verdict, too, which no case
// accepts.
func (p peer) check(t *testing.T, c *conformance.Case) (got conformance.Verdict, err error) {
	token, err := c.Token()
	if err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	all, isSet, _ := c.Keys()
	keys := ring{all, isSet}
	switch {
	case !p.offers(c, keys):
		return notTold, nil
	case len(all) == 0:
		return conformance.RefusedAtSetup, nil
	}
	defer func() {
		if r := recover(); r != nil {
			got, err = "panic", fmt.Errorf("%v", r)
		}
	}()
	bubble = t
	return p.verify(c, keys, token)
}

func (r *row) count(c *conformance.Case, got conformance.Verdict, err error) {
	passes := c.Accepts(got)
	if got == invalidOrEarly {
		passes = c.Accepts(conformance.Invalid) || c.Accepts(conformance.NotYetValid)
	}
	if passes {
		return
	}
	switch {
	case got == conformance.OK:
		r.acceptedBad++
	case c.Want == conformance.OK:
		r.rejectedGood++
	case c.Want == conformance.Invalid && got != "panic":
		r.untimelyBad++
	default:
		r.odd++
	}
	r.ids = append(r.ids, fmt.Sprintf("%s: got %s, want %s: %s (%v)", c.ID, got, c.Want, c.Name, err))
}

var counts = regexp.MustCompile(`(?m)^conformance: (\d+) cases, (\d+) ok, (\d+) wrong, (\d+) skipped, (\d+) with a refused secret, .*\((.*)\)$`)

// jwtexpRows runs the library's own test, which fails if a case is wrong, and returns its counts by
// file.
func jwtexpRows(t *testing.T, files []string) map[string]row {
	cmd := exec.Command("go", "test", "-count=1", "-run", "^TestConformance$")
	cmd.Dir = top
	cmd.Env = append(os.Environ(), "JWTEXP_CASES="+strings.Join(files[1:], string(filepath.ListSeparator)))
	out, err := cmd.Output()
	rows := make(map[string]row)
	for _, found := range counts.FindAllSubmatch(out, -1) {
		var n [5]int // cases, ok, wrong, skipped, and with a refused secret
		for i := range n {
			n[i], _ = strconv.Atoi(string(found[i+1])) // which the expression has found to be digits
		}
		skipped := n[3] + n[4]
		rows[string(found[6])] = row{library: "**jwtexp**", checked: n[0] - skipped, skipped: skipped}
	}
	if err != nil || len(rows) != len(files) {
		t.Fatalf("jwtexp's own TestConformance: got the counts of %d files and %v, want %d and no error\n%s", len(rows), err, len(files), out)
	}
	return rows
}

// version returns the version of a library in this build.
func version(t *testing.T, module string) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}
