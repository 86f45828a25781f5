// Speed holds jwtexp's speed against that of the other Go libraries for JWTs, and
// against the least that can be done at all.
//
//	go run -tags jwx_goccy ./speed   # some four minutes, Markdown on stdout
//
// The tag is jwx's, and builds it, and jwtauth on it, with their faster JSON package.
//
// Everybody verifies the same tokens and makes the same checks: the key is looked
// up by kid among two, the algorithm is pinned, iss, aud, exp and nbf are judged
// by the system's clock. Each library is in the fastest configuration that its
// documentation shows, made once and reused, and is proven before it is timed: it
// accepts the good tokens and refuses those with one fault.
//
// No time of a shared machine can be trusted, so that contenders are measured
// right after one another, round by round, and what counts is the ratio.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
	"time"
)

func main() {
	log.SetFlags(0)
	var s settings
	flag.IntVar(&s.rounds, "rounds", 25, "how often each contender has its turn")
	flag.DurationVar(&s.turn, "for", 100*time.Millisecond, "how long a turn takes; below 10ms the cache is small, too")
	only := flag.String("only", "", "measure only what matches this `regexp`, such as '^HS256 Verify$'")
	strictly := flag.Bool("strict", false, "exit with status 1 where a goal is not met")
	flag.Parse()
	var err error
	if s.only, err = regexp.Compile(*only); err != nil {
		log.Fatal(err)
	}
	if s.rounds < 1 || s.turn <= 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	measured, err := measureAll(s)
	if err != nil {
		log.Fatal(err)
	}
	if met := report(os.Stdout, s, measured); *strictly && !met {
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	rounds int
	turn   time.Duration
	only   *regexp.Regexp
}

// entries is the size of the cache that is filled. A run that is only to show that
// everything works is not to take the time for a large one.
func (s settings) entries() int {
	if s.turn < 10*time.Millisecond {
		return 1000
	}
	return 100_000
}

// measureAll proves everybody, and then measures the groups that match, one after
// the other.
func measureAll(s settings) (map[string][]measurement, error) {
	log.Print("proving everybody")
	proven, err := proveAll()
	if err != nil {
		return nil, err
	}
	measured := make(map[string][]measurement)
	for _, g := range groups(proven, s.entries()) {
		if !s.only.MatchString(g.name) {
			continue
		}
		log.Print("measuring ", g.name)
		contenders, err := g.contenders()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		if measured[g.name], err = measure(contenders, s.rounds, s.turn); err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return measured, nil
}
