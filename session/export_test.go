package session

import "time"

// Decide returns the outcome of a refresh token's generation and expiry, by name, and the Step.
func Decide(p Policy, r Record, found bool, generation uint32, expires, now time.Time) (outcome string, s Step) {
	o, s := p.decide(r, found, refreshToken{generation: generation, expires: expires}, now)
	return outcomeNames[o], s
}

var outcomeNames = [...]string{ended: "ended", expired: "expired", reused: "reused", repeat: "repeat", keep: "keep",
	replace: "replace", restore: "restore", recovered: "recovered"}
