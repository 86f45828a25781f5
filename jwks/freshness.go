package jwks

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// freshness returns for how long an answer says that it is fresh (RFC 9111 §4.2), 0 where
// it does not say, or says that it should not be kept.
func freshness(h http.Header) time.Duration {
	var maxAge time.Duration
	said := false
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			if !said { // of several the first counts (RFC 9111 §4.2.1)
				maxAge, said = seconds(strings.Trim(value, `"`)), true
			}
		}
	}
	return maxAge - seconds(h.Get("Age"))
}

// seconds reads delta-seconds (RFC 9111 §1.2.2): 0 where they are none, and many where
// they are too many.
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil && n == 0: // no number; one that is too large is reported as the largest
		return 0
	case n > math.MaxInt32:
		n = math.MaxInt32
	}
	return time.Duration(n) * time.Second
}
