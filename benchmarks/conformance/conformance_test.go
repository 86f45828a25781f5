package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/internal/conformance"
)

var wrong = flag.String("wrong", "", "also name the cases that the libraries with this text in their path have wrong")

// TestPeers prints a table: each library over the same cases.
func TestPeers(t *testing.T) {
	files := filepath.SplitList(os.Getenv("JWTEXP_CASES"))
	if len(files) == 0 {
		t.Skip("no cases: set JWTEXP_CASES to a file of cases, one JSON object a line, or to several as in PATH")
	}
	var cases []*conformance.Case
	for i, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		some, err := conformance.Read(content)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cases = append(cases, some...)
		if files[i], err = filepath.Abs(file); err != nil {
			t.Fatal(err)
		}
	}

	rows := []row{jwtexpRow(t, files)}
	for _, p := range peers {
		r := p.run(t, cases)
		if r.judged == 0 {
			t.Errorf("%s: got no case judged, want some", p.module)
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows[1:], func(a, b row) int { return a.wrong()*b.judged - b.wrong()*a.judged })
	fmt.Println("| library | judged | wrong | accepted, and must be refused | called expired or early, and is invalid | refused, and must be accepted | other | not offered |")
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

// A row counts what one library made of the cases.
type row struct {
	library                                    string
	judged, skipped                            int
	acceptedBad, untimelyBad, refusedGood, odd int
	ids                                        []string
}

func (r row) wrong() int { return r.acceptedBad + r.untimelyBad + r.refusedGood + r.odd }

func (r row) String() string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d |",
		r.library, r.judged, r.wrong(), r.acceptedBad, r.untimelyBad, r.refusedGood, r.odd, r.skipped)
}

func (p peer) run(t *testing.T, cases []*conformance.Case) row {
	r := row{library: p.module + " " + version(t, p.module)}
	for _, c := range cases {
		got, err := p.judge(t, c)
		if got == notTold {
			r.skipped++
			continue
		}
		r.judged++
		r.count(c, got, err)
	}
	return r
}

// judge gives the verdict of a library on a case. What panics is a verdict of its
// own, which no case takes.
func (p peer) judge(t *testing.T, c *conformance.Case) (got conformance.Verdict, err error) {
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
		r.refusedGood++
	case c.Want == conformance.Invalid && got != "panic":
		r.untimelyBad++
	default:
		r.odd++
	}
	r.ids = append(r.ids, fmt.Sprintf("%s: got %s, want %s: %s (%v)", c.ID, got, c.Want, c.Name, err))
}

var counts = regexp.MustCompile(`conformance: \d+ cases.*`)

// jwtexpRow asks the library's own test, which fails where a case is wrong.
func jwtexpRow(t *testing.T, files []string) row {
	cmd := exec.Command("go", "test", "-count=1", "-run", "^TestConformance$")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "JWTEXP_CASES="+strings.Join(files, string(filepath.ListSeparator)))
	out, err := cmd.Output()
	r := row{library: "**jwtexp**"}
	var total, ok, wrong, secrets int
	if found := counts.Find(out); found != nil {
		fmt.Sscanf(string(found), "conformance: %d cases, %d ok, %d wrong, %d skipped, %d with a refused secret", &total, &ok, &wrong, &r.skipped, &secrets)
	}
	if err != nil || ok == 0 || wrong != 0 {
		t.Fatalf("jwtexp's own TestConformance: %v\n%s", err, out)
	}
	r.skipped += secrets
	r.judged = total - r.skipped
	return r
}

// version is what this module is built with.
func version(t *testing.T, module string) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}
