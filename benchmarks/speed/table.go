package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// report writes the tables, and reports whether every goal is met.
func report(w io.Writer, s settings, measured map[string][]measurement) bool {
	met := reportGoals(w, measured)
	fmt.Fprintf(w, "\n%d rounds of %v each. A ratio to raw crypto compares the shortest rounds, because the\n", s.rounds, s.turn)
	fmt.Fprintf(w, "difference is smaller than the noise. The filled cache has %d entries.\n", s.entries())
	for _, name := range []string{verifyHS256, issueHS256} {
		if measured[name] != nil {
			reportPeers(w, name, measured[name])
		}
	}
	reportAsymmetric(w, measured)
	reportMachine(w)
	return met
}

func reportGoals(w io.Writer, measured map[string][]measurement) bool {
	met := true
	fmt.Fprintln(w, "| what | against | ratio, median (first to third quartile) | goal | aim | met |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, row := range rows {
		if measured[row.group] == nil {
			continue
		}
		r := row.evaluate(measured[row.group])
		met = met && r.met()
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", r.what(), cmp.Or(r.against, "-"), r.value(), r.bound(), r.aimed(), r.verdict())
	}
	return met
}

func (r row) what() string {
	if r.of == jwtexpName {
		return r.group
	}
	return r.group + ": " + r.of
}

func (r result) value() string {
	text := fmt.Sprintf("**%s** (%s to %s)", r.show(r.median), r.show(r.first), r.show(r.third))
	if r.oneAllocation {
		text += fmt.Sprintf(", allocations: %.0f", r.allocations)
	}
	return text
}

func (r row) show(v float64) string { return number(v) + r.measure() }

func (r row) measure() string { return cmp.Or(r.unit, "x") }

// number formats v with three digits, or with all digits before the point if they are more.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (r result) bound() string {
	switch {
	case !r.isSet():
		return "-"
	case r.atLeast > 0:
		return fmt.Sprintf("at least %g%s", r.atLeast, r.measure())
	}
	return fmt.Sprintf("at most %g%s", r.atMost, r.measure())
}

func (r result) aimed() string {
	if r.aim == 0 {
		return "-"
	}
	return fmt.Sprintf("%g%s", r.aim, r.measure())
}

func (r result) verdict() string {
	switch {
	case !r.isSet():
		return "-"
	case r.aimMet():
		return "yes, aim"
	case r.met():
		return "yes"
	}
	return "NO"
}

func reportPeers(w io.Writer, name string, measured []measurement) {
	fmt.Fprintf(w, "\n%s, all peers:\n\n", name)
	fmt.Fprintln(w, "| name | median | first to third quartile | allocations | times jwtexp |")
	fmt.Fprintln(w, "|---|---|---|---|---|")
	byTime := slices.SortedFunc(slices.Values(measured), func(a, b measurement) int {
		return cmp.Compare(summary(a.rounds).median, summary(b.rounds).median)
	})
	own := find(measured, jwtexpName)
	for _, m := range byTime {
		f := summary(m.rounds)
		fmt.Fprintf(w, "| %s | %.0f ns | %.0f to %.0f ns | %.0f | %s |\n",
			m.name, f.median, f.first, f.third, m.allocations, number(timeRatio(m.rounds, own.rounds).median)+"x")
	}
}

// reportAsymmetric writes a table with a column for each measured algorithm.
func reportAsymmetric(w io.Writer, measured map[string][]measurement) {
	var columns []string
	for _, name := range []string{verifyRS256, verifyES256, verifyEdDSA} {
		if measured[name] != nil {
			columns = append(columns, name)
		}
	}
	if columns == nil {
		return
	}
	fmt.Fprint(w, "\nRatio to raw crypto, of the shortest rounds:\n\n")
	fmt.Fprintf(w, "| name | %s |\n|---%s|\n", strings.Join(columns, " | "), strings.Repeat("|---", len(columns)))
	for _, l := range libraries {
		cells := []string{l.name}
		for _, name := range columns {
			cell := "-"
			if m := find(measured[name], l.name); m.rounds != nil {
				cell = number(minTimeRatio(m.rounds, find(measured[name], rawCrypto).rounds).median) + "x"
			}
			cells = append(cells, cell)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprint(w, "\ntink does not look up the kid: it tries its two keys in turn.\n")
}

// reportMachine writes the processor and the versions.
func reportMachine(w io.Writer) {
	fmt.Fprintf(w, "\n%s, GOMAXPROCS %d, %s", processor(), runtime.GOMAXPROCS(0), runtime.Version())
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, s := range build.Settings {
		if s.Key == "-tags" {
			fmt.Fprintf(w, ", -tags %s", s.Value)
		}
	}
	for _, l := range libraries {
		for _, d := range build.Deps {
			if d.Path == l.module && l.name != jwtexpName {
				fmt.Fprintf(w, ", %s %s", l.name, d.Version)
			}
		}
	}
	fmt.Fprintln(w, ".")
}

func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
