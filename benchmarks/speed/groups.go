package main

import "net/http"

// A group is contenders that are measured side by side.
type group struct {
	name       string
	contenders func() ([]contender, error) // made when their turn comes
}

// The groups' names, which the tables go by.
const (
	verifyHS256  = "HS256 Verify"
	verifyRS256  = "RS256 Verify"
	verifyES256  = "ES256 Verify"
	verifyEdDSA  = "EdDSA Verify"
	coldHeaders  = "HS256 Verify, every header different"
	verifyClaims = "HS256 Verify and Claims into two fields"
	issueHS256   = "HS256 Issue of two fields"
	middlewareHS = "middleware around an empty handler, HS256"
	cachedHS256  = "cached Verify of one token, HS256"
	cachedRS256  = "cached Verify of one token, RS256"
	cachedES256  = "cached Verify of one token, ES256"
	cachedEdDSA  = "cached Verify of one token, EdDSA"
	cachedMany   = "cached Verify of a filled cache, ES256 tokens at random"
	cachedTwo    = "cached Verify of one token, HS256, throughput"
	cacheMemory  = "memory of a filled cache, each HS256 token"
	sizes        = "HS256 Verify, time per byte of payload"
	keyCounts    = "HS256 Verify, number of keys"
)

// groups is all that is measured, on what proveAll returns. The last have the
// most in memory, which makes collections of garbage rare.
func groups(on map[string]*circulation, entries int) []group {
	hs256 := on["HS256"]
	return []group{
		{verifyHS256, func() ([]contender, error) { return verifying(hs256) }},
		{verifyRS256, func() ([]contender, error) { return verifying(on["RS256"]) }},
		{verifyES256, func() ([]contender, error) { return verifying(on["ES256"]) }},
		{verifyEdDSA, func() ([]contender, error) { return verifying(on["EdDSA"]) }},
		{coldHeaders, func() ([]contender, error) { return cold(hs256.keys) }},
		{verifyClaims, func() ([]contender, error) { return reading(hs256) }},
		{issueHS256, func() ([]contender, error) { return issuing(&hs256.keys[0]) }},
		{middlewareHS, func() ([]contender, error) { return guarding(hs256) }},
		{cachedHS256, func() ([]contender, error) { return hotToken(hs256) }},
		{cachedRS256, func() ([]contender, error) { return hotToken(on["RS256"]) }},
		{cachedES256, func() ([]contender, error) { return hotToken(on["ES256"]) }},
		{cachedEdDSA, func() ([]contender, error) { return hotToken(on["EdDSA"]) }},
		{cachedTwo, func() ([]contender, error) { return goroutines(hs256) }},
		{sizes, func() ([]contender, error) { return growingClaims(hs256) }},
		{keyCounts, growingKeys},
		{cacheMemory, func() ([]contender, error) { return memory(hs256, entries) }},
		{cachedMany, func() ([]contender, error) { return manyTokens(on["ES256"], entries) }},
	}
}

// verifying is everybody who offers the algorithm, and the least there is to do.
func verifying(c *circulation) ([]contender, error) {
	floors := []contender{
		{name: theFloor, op: inTurn(c.tokens, verifyFloor(c.keys))},
		{name: jsonFloor, op: inTurn(c.tokens, verifyJSONFloor(c.keys))},
	}
	if c.alg != "HS256" {
		floors = []contender{{name: rawCrypto, op: inTurn(c.tokens, rawVerifier(c.keys))}}
	}
	var contenders []contender
	for _, l := range libraries {
		if !l.verifies(c.alg) {
			continue
		}
		verify, err := l.verifier(c.alg, c.keys)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{name: l.name, peer: l.name != ours, op: inTurn(c.tokens, verify)})
		if l.name == ours {
			contenders = append(contenders, floors...)
		}
	}
	return contenders, nil
}

// inTurn verifies one token after the other.
func inTurn(tokens []token, verify func(*token) error) func(int) error {
	return func(i int) error { return verify(&tokens[i%len(tokens)]) }
}

// cold is many tokens whose headers nobody can have seen before.
func cold(keys []key) ([]contender, error) {
	tokens, err := newTokens("HS256", keys, 5*inCirculation, true)
	if err != nil {
		return nil, err
	}
	theirs, err := golangJWTVerifier("HS256", keys)
	if err != nil {
		return nil, err
	}
	verify, err := ourVerifier("HS256", keys)
	if err != nil {
		return nil, err
	}
	return []contender{
		{name: golangJWT.name, op: inTurn(tokens, theirs)},
		{name: ours, op: inTurn(tokens, verify)},
		{name: theFloor, op: inTurn(tokens, verifyFloor(keys))},
	}, nil
}

func reading(c *circulation) ([]contender, error) {
	var contenders []contender
	for _, l := range libraries {
		if l.reader == nil {
			continue
		}
		read, err := l.reader(c.alg, c.keys)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{name: l.name, op: inTurn(c.tokens, func(t *token) error {
			_, err := read(t)
			return err
		})})
	}
	return append(contenders, contender{name: jsonFloor, op: inTurn(c.tokens, profileJSONFloor(c.keys))}), nil
}

func issuing(k *key) ([]contender, error) {
	subject, p := goodPayload(0).Subject, profileOf(0)
	floors, err := issuingFloors(k, subject, p)
	if err != nil {
		return nil, err
	}
	var contenders []contender
	for _, l := range libraries {
		if l.issuer == nil {
			continue
		}
		issue, err := l.issuer(k)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{name: l.name, peer: l.name != ours, op: func(int) error {
			_, err := issue(subject, p)
			return err
		}})
		if l.name == ours {
			contenders = append(contenders, floors...)
		}
	}
	return contenders, nil
}

func issuingFloors(k *key, subject string, p profile) ([]contender, error) {
	issue, err := ourIssuer(k)
	if err != nil {
		return nil, err
	}
	issued, err := issue(subject, p)
	if err != nil {
		return nil, err
	}
	least, err := issueFloor(k, issued)
	withJSON := issueJSONFloor(least, p)
	return []contender{
		{name: theFloor, op: func(int) error {
			least()
			return nil
		}},
		{name: jsonFloor, op: func(int) error { return withJSON() }},
	}, err
}

func guarding(c *circulation) ([]contender, error) {
	empty := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	var contenders []contender
	for _, name := range []string{golangJWT.name, ours} {
		handler, err := middlewares[name](c.keys, empty)
		if err != nil {
			return nil, err
		}
		client := newClient(c.tokens)
		contenders = append(contenders, contender{name: name, op: func(i int) error {
			return client.request(handler, i%len(c.tokens))
		}})
	}
	floor := guardJSONFloor(c.keys, c.tokens, empty)
	return append(contenders, contender{name: jsonFloor, op: func(i int) error { return floor(i % len(c.tokens)) }}), nil
}
