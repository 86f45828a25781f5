package jwks

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// freshness returns how long a response is fresh according to its header (RFC 9111 §4.2). It
// returns 0 if the header does not say, or forbids caching.
func freshness(h http.Header) time.Duration {
	var maxAge time.Duration
	found := false
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			if !found { // the first one counts (RFC 9111 §4.2.1)
				maxAge, found = seconds(strings.Trim(value, `"`)), true
			}
		}
	}
	return maxAge - seconds(h.Get("Age"))
}

// seconds parses delta-seconds (RFC 9111 §1.2.2). It returns 0 for other text, and caps large
// values at math.MaxInt32.
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil && n == 0: // not a number; ParseUint returns the largest n if text is out of range
		return 0
	case n > math.MaxInt32:
		n = math.MaxInt32
	}
	return time.Duration(n) * time.Second
}
