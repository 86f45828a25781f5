package jws

// Signature returns the decoded signature of a token.
func Signature(c *Compact) []byte { return c.signature.bytes() }
