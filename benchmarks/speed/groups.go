package main

import "net/http"

// A group holds the contenders that are measured in turns.
type group struct {
	name       string
	contenders func() ([]contender, error)
}

// Names of the groups.
const (
	verifyHS256     = "HS256 Verify"
	verifyRS256     = "RS256 Verify"
	verifyES256     = "ES256 Verify"
	verifyEdDSA     = "EdDSA Verify"
	uniqueHeaders   = "HS256 Verify, every header different"
	verifyClaims    = "HS256 Verify and Claims into two fields"
	issueHS256      = "HS256 Issue of two fields"
	middlewareHS256 = "middleware around an empty handler, HS256"
	cacheHitHS256   = "cached Verify of one token, HS256"
	cacheHitRS256   = "cached Verify of one token, RS256"
	cacheHitES256   = "cached Verify of one token, ES256"
	cacheHitEdDSA   = "cached Verify of one token, EdDSA"
	cacheFull       = "cached Verify of a filled cache, ES256 tokens at random"
	cacheThroughput = "cached Verify of one token, HS256, throughput"
	cacheMemory     = "memory of a filled cache, each HS256 token"
	claimCounts     = "HS256 Verify, time per byte of payload"
	keyCounts       = "HS256 Verify, number of keys"
)

// groups returns all groups, for the workloads by algorithm. The groups that need most memory come
// last: with a large heap, garbage collections become rare.
func groups(workloads map[string]*workload, entries int) []group {
	hs256 := workloads["HS256"]
	return []group{
		{verifyHS256, func() ([]contender, error) { return verifyContenders(hs256) }},
		{verifyRS256, func() ([]contender, error) { return verifyContenders(workloads["RS256"]) }},
		{verifyES256, func() ([]contender, error) { return verifyContenders(workloads["ES256"]) }},
		{verifyEdDSA, func() ([]contender, error) { return verifyContenders(workloads["EdDSA"]) }},
		{uniqueHeaders, func() ([]contender, error) { return uniqueHeaderContenders(hs256.keys) }},
		{verifyClaims, func() ([]contender, error) { return readContenders(hs256) }},
		{issueHS256, func() ([]contender, error) { return issueContenders(&hs256.keys[0]) }},
		{middlewareHS256, func() ([]contender, error) { return middlewareContenders(hs256) }},
		{cacheHitHS256, func() ([]contender, error) { return cacheHitContenders(hs256) }},
		{cacheHitRS256, func() ([]contender, error) { return cacheHitContenders(workloads["RS256"]) }},
		{cacheHitES256, func() ([]contender, error) { return cacheHitContenders(workloads["ES256"]) }},
		{cacheHitEdDSA, func() ([]contender, error) { return cacheHitContenders(workloads["EdDSA"]) }},
		{cacheThroughput, func() ([]contender, error) { return goroutineContenders(hs256) }},
		{claimCounts, func() ([]contender, error) { return claimCountContenders(hs256) }},
		{keyCounts, keyCountContenders},
		{cacheMemory, func() ([]contender, error) { return memoryContenders(hs256, entries) }},
		{cacheFull, func() ([]contender, error) { return fullCacheContenders(workloads["ES256"], entries) }},
	}
}

// verifyContenders returns the libraries that support the algorithm, and the lower bounds.
func verifyContenders(load *workload) ([]contender, error) {
	floors := []contender{
		{name: theFloor, op: rotate(load.tokens, verifyFloor(load.keys))},
		{name: jsonFloor, op: rotate(load.tokens, verifyJSONFloor(load.keys))},
	}
	if load.alg != "HS256" {
		floors = []contender{{name: rawCrypto, op: rotate(load.tokens, rawVerifier(load.keys))}}
	}
	var contenders []contender
	for _, l := range libraries {
		if !l.verifies(load.alg) {
			continue
		}
		verify, err := l.verifier(load.alg, load.keys)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{name: l.name, peer: l.name != jwtexpName, op: rotate(load.tokens, verify)})
		if l.name == jwtexpName {
			contenders = append(contenders, floors...)
		}
	}
	return contenders, nil
}

// rotate returns an op that verifies the tokens in turns.
func rotate(tokens []token, verify func(*token) error) func(int) error {
	return func(i int) error { return verify(&tokens[i%len(tokens)]) }
}

// uniqueHeaderContenders verify tokens that each have a header of their own, which no library can
// have cached.
func uniqueHeaderContenders(keys []key) ([]contender, error) {
	tokens, err := newTokens("HS256", keys, 5*tokenCount, true)
	if err != nil {
		return nil, err
	}
	golangJWTVerify, err := golangJWTVerifier("HS256", keys)
	if err != nil {
		return nil, err
	}
	verify, err := jwtexpVerifier("HS256", keys)
	if err != nil {
		return nil, err
	}
	return []contender{
		{name: golangJWT.name, op: rotate(tokens, golangJWTVerify)},
		{name: jwtexpName, op: rotate(tokens, verify)},
		{name: theFloor, op: rotate(tokens, verifyFloor(keys))},
	}, nil
}

func readContenders(load *workload) ([]contender, error) {
	var contenders []contender
	for _, l := range libraries {
		if l.reader == nil {
			continue
		}
		read, err := l.reader(load.alg, load.keys)
		if err != nil {
			return nil, err
		}
		contenders = append(contenders, contender{name: l.name, op: rotate(load.tokens, func(t *token) error {
			_, err := read(t)
			return err
		})})
	}
	return append(contenders, contender{name: jsonFloor, op: rotate(load.tokens, profileJSONFloor(load.keys))}), nil
}

func issueContenders(k *key) ([]contender, error) {
	subject, p := validPayload(0).Subject, profileOf(0)
	floors, err := issueFloors(k, subject, p)
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
		contenders = append(contenders, contender{name: l.name, peer: l.name != jwtexpName, op: func(int) error {
			_, err := issue(subject, p)
			return err
		}})
		if l.name == jwtexpName {
			contenders = append(contenders, floors...)
		}
	}
	return contenders, nil
}

func issueFloors(k *key, subject string, p profile) ([]contender, error) {
	issue, err := jwtexpIssuer(k)
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

func middlewareContenders(load *workload) ([]contender, error) {
	empty := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	var contenders []contender
	for _, name := range []string{golangJWT.name, jwtexpName} {
		handler, err := middlewares[name](load.keys, empty)
		if err != nil {
			return nil, err
		}
		client := newClient(load.tokens)
		contenders = append(contenders, contender{name: name, op: func(i int) error {
			return client.request(handler, i%len(load.tokens))
		}})
	}
	floor := guardJSONFloor(load.keys, load.tokens, empty)
	return append(contenders, contender{name: jsonFloor, op: func(i int) error { return floor(i % len(load.tokens)) }}), nil
}
