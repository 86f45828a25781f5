//go:build rules

package rules_test

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"testing"
)

var (
	speedClaim    = regexp.MustCompile(`(?i)\d\s?%|\b(percent|faster|slower|as fast|add an? \w+th)\b`)
	benchmarkName = regexp.MustCompile(`\bBenchmark[A-Z]\w*`)
	benchmarkFunc = regexp.MustCompile(`(?m)^func (Benchmark[A-Z]\w*)\(`)
)

// A comment that claims a gain in speed names the benchmark that shows it.
func TestSpeedClaimsNameABenchmark(t *testing.T) {
	var benchmarks []string
	readTree(t, "_test.go", func(_, text string) {
		for _, declared := range benchmarkFunc.FindAllStringSubmatch(text, -1) {
			benchmarks = append(benchmarks, declared[1])
		}
	})
	for _, p := range packagesOfBoth(t, false) {
		for _, claim := range load(t, p).unprovedClaims(benchmarks) {
			t.Errorf("%s: want the name of a benchmark", claim)
		}
	}
}

// unprovedClaims returns the places of the comments that claim a gain in speed and name none of
// the benchmarks.
func (s *source) unprovedClaims(benchmarks []string) []string {
	var found []string
	for _, file := range s.files {
		for _, comment := range file.Comments {
			proved := slices.ContainsFunc(benchmarkName.FindAllString(comment.Text(), -1), func(name string) bool {
				return slices.Contains(benchmarks, name)
			})
			if claim := claimIn(comment); claim != nil && !proved {
				at := s.fset.Position(claim.Pos())
				found = append(found, fmt.Sprintf("%s:%d: %s", at.Filename, at.Line, claim.Text))
			}
		}
	}
	return found
}

// claimIn returns the line on which a comment claims a gain in speed, or nil. It returns the first
// line if the claim stands on two lines.
func claimIn(group *ast.CommentGroup) *ast.Comment {
	if !speedClaim.MatchString(group.Text()) {
		return nil
	}
	i := slices.IndexFunc(group.List, func(c *ast.Comment) bool { return speedClaim.MatchString(c.Text) })
	return group.List[max(i, 0)]
}

func TestUnprovedClaimsAreFound(t *testing.T) {
	const text = `package fixture

// A saves 12 percent of Verify.
var A int

// B saves 3 % (BenchmarkGone).
var B int

// C is as fast as B
// (BenchmarkVerify).
var C int

// D makes Verify faster (BenchmarkVerifyAndMore).
var D int

// E holds 100 keys, at %p.
var E int

// F takes 34
// % longer.
var F int
`
	got := fixture(t, text).unprovedClaims([]string{"BenchmarkVerify"})
	want := []string{
		"fixture.go:3: // A saves 12 percent of Verify.",
		"fixture.go:6: // B saves 3 % (BenchmarkGone).",
		"fixture.go:13: // D makes Verify faster (BenchmarkVerifyAndMore).",
		"fixture.go:19: // F takes 34",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
