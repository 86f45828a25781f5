package session

import "time"

var outcomeNames = [...]string{
	ended:     "ended",
	expired:   "expired",
	reused:    "reused",
	repeat:    "repeat",
	keep:      "keep",
	replace:   "replace",
	restore:   "restore",
	recovered: "recovered",
}

// Decide returns what Refresh does with a refresh token of the given generation and expiry.
func Decide(p Policy, r Record, found bool, generation uint32, expires, now time.Time) (outcome string, s Step) {
	o, s := p.decide(r, found, refreshToken{generation: generation, expires: expires}, now)
	return outcomeNames[o], s
}
