package jwtexp_test

//lint:file-ignore SA1019 the tests fill in the fields of keys, as an application can

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// The classes of bad keys below are those of the key vectors of Project Wycheproof (ecdh,
// x25519, json_web_key) and of the literature on curves. The vectors are made here, for
// each curve, instead of being copied. jwks has the same for JWKs.

// spki is a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), which asn1.Marshal writes without
// looking into the key.
type spki struct {
	Algorithm algorithmID
	Key       asn1.BitString
}

type algorithmID struct {
	Algorithm  asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

var (
	oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
	curveOIDs  = map[elliptic.Curve]asn1.ObjectIdentifier{
		elliptic.P256(): {1, 2, 840, 10045, 3, 1, 7},
		elliptic.P384(): {1, 3, 132, 0, 34},
		elliptic.P521(): {1, 3, 132, 0, 35},
	}
	curveAlgorithms = map[elliptic.Curve]jwtexp.Algorithm{
		elliptic.P256(): jwtexp.ES256, elliptic.P384(): jwtexp.ES384, elliptic.P521(): jwtexp.ES512,
	}
)

func spkiOf(algorithm asn1.ObjectIdentifier, parameters any, key []byte) []byte {
	info := spki{algorithmID{Algorithm: algorithm}, asn1.BitString{Bytes: key, BitLength: 8 * len(key)}}
	if parameters != nil {
		info.Algorithm.Parameters = asn1.RawValue{FullBytes: must(asn1.Marshal(parameters))}
	}
	return must(asn1.Marshal(info))
}

// A candidate is a public key that may be valid or not, as a Go value and as SPKI. Either
// may be missing.
type candidate struct {
	name string
	alg  jwtexp.Algorithm
	key  crypto.PublicKey
	der  []byte
}

// waysIn returns the outcome of each way in which a public key comes into the packages.
func (c candidate) waysIn() map[string]error {
	all := make(map[string]error)
	note := func(way string, _ jwtexp.Key, err error) { all[way] = err }
	if c.key != nil {
		key, err := jwtexp.NewPublicKey(c.alg, c.key)
		note("NewPublicKey", key, err)
		key, err = jwtexp.NewSigningKey(c.alg, keyless{c.key})
		note("NewSigningKey", key, err)
		_, all["Thumbprint"] = keyring.Thumbprint(c.key)
	}
	if key, ok := c.key.(*rsa.PublicKey); ok && key.N != nil {
		key, err := jwtexp.ParsePEM(c.alg, pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(key)))
		note("ParsePEM of PKCS #1", key, err)
	}
	if c.der != nil {
		key, err := jwtexp.ParsePEM(c.alg, pemOf("PUBLIC KEY", c.der))
		note("ParsePEM of SPKI", key, err)
		key, err = jwtexp.ParsePEM(c.alg, pemOf("CERTIFICATE", certificateOf(c.der)))
		note("ParsePEM of a certificate", key, err)
	}
	return all
}

// certificateOf returns a certificate with the given SPKI, whatever that holds. Its
// signature is not checked.
func certificateOf(info []byte) []byte {
	type validity struct{ NotBefore, NotAfter time.Time }
	type body struct {
		Version      int `asn1:"explicit,tag:0"`
		SerialNumber *big.Int
		Signature    pkix.AlgorithmIdentifier
		Issuer       pkix.RDNSequence
		Validity     validity
		Subject      pkix.RDNSequence
		Key          asn1.RawValue
	}
	type certificate struct {
		Body      body
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidEd25519}
	name := pkix.Name{CommonName: "test"}.ToRDNSequence()
	return must(asn1.Marshal(certificate{
		Body:      body{2, big.NewInt(1), algorithm, name, validity{epoch, epoch}, name, asn1.RawValue{FullBytes: info}},
		Algorithm: algorithm,
		Signature: asn1.BitString{Bytes: make([]byte, 64), BitLength: 512},
	}))
}

func TestInvalidPublicKeysAreRefused(t *testing.T) {
	for _, c := range slices.Concat(badEd25519(), badECDSA(), badRSA()) {
		ways := c.waysIn()
		if len(ways) == 0 {
			t.Errorf("%s: got no way in to try", c.name)
		}
		for way, err := range ways {
			if err == nil {
				t.Errorf("%s, %s: got no error, want the key refused", c.name, way)
			}
		}
	}
}

// What is unusual and right stays accepted.
func TestUnusualPublicKeysAreAccepted(t *testing.T) {
	for _, c := range slices.Concat(goodEd25519(), goodECDSA(), goodRSA()) {
		for way, err := range c.waysIn() {
			if err != nil {
				t.Errorf("%s, %s: got %v, want the key accepted", c.name, way, err)
			}
		}
	}
}

// An error says what is wrong with a key.
func TestRefusedPublicKeyIsExplained(t *testing.T) {
	for name, tt := range map[string]struct {
		key  crypto.PublicKey
		alg  jwtexp.Algorithm
		want string
	}{
		"small order":    {ed25519.PublicKey(make([]byte, 32)), jwtexp.Ed25519, "small order"},
		"no point":       {ed25519.PublicKey(notOnEdwards()), jwtexp.Ed25519, "not a valid point encoding"},
		"too short":      {ed25519.PublicKey(make([]byte, 31)), jwtexp.EdDSA, "32 bytes, not 31"},
		"RSA too long":   {&rsa.PublicKey{N: odd(8193), E: 65537}, jwtexp.RS256, "8193 bits is too long: use a key of 2048 to 8192 bits"},
		"RSA too short":  {&rsa.PublicKey{N: odd(2047), E: 65537}, jwtexp.PS256, "2047 bits is too short: at least 2048"},
		"by value":       {rsa.PublicKey{N: odd(2048), E: 3}, jwtexp.RS256, "pass a pointer"},
		"by pointer":     {new(ed25519.PublicKey), jwtexp.EdDSA, "pass the value"},
		"private":        {newEd25519(), jwtexp.EdDSA, "NewSigningKey"},
		"bytes":          {[]byte("key"), jwtexp.EdDSA, "x509.ParsePKIXPublicKey"},
		"no ECDSA point": {&ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}, jwtexp.ES256, "not a point"},
	} {
		if _, err := jwtexp.NewPublicKey(tt.alg, tt.key); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q in an error", name, err, tt.want)
		}
	}
}

// Under a key of small order, crypto/ed25519 verifies a signature that takes no private key:
// S = 0 and R of small order, for at least one message in eight.
func TestSmallOrderKeyIsForgeableAndRefused(t *testing.T) {
	for _, point := range smallOrderPoints() {
		if !isForgeable(point) {
			t.Errorf("%x: got no forged signature verified by crypto/ed25519, want the key to be of small order", point)
		}
		for _, alg := range []jwtexp.Algorithm{jwtexp.EdDSA, jwtexp.Ed25519} {
			if _, err := jwtexp.NewPublicKey(alg, ed25519.PublicKey(point)); err == nil {
				t.Errorf("%s: got the key %x accepted", alg, point)
			}
		}
	}
}

func isForgeable(key ed25519.PublicKey) bool {
	for i := range 100 {
		for _, r := range smallOrderPoints() {
			if ed25519.Verify(key, []byte{byte(i)}, append(r, make([]byte, 32)...)) {
				return true
			}
		}
	}
	return false
}

// smallOrderPoints returns the 14 encodings of the eight points of small order: canonical
// ones, those with y + p for y, and those of x = 0 with a sign.
func smallOrderPoints() [][]byte {
	var all [][]byte
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		point := must(hex.DecodeString(y))
		signed := bytes.Clone(point)
		signed[31] |= 0x80
		all = append(all, point, signed)
	}
	return all
}

// notOnEdwards returns 32 bytes that are no point: no x goes with y = 2.
func notOnEdwards() []byte { return append([]byte{2}, make([]byte, 31)...) }

func edCandidate(name string, key []byte) candidate {
	return candidate{name, jwtexp.Ed25519, ed25519.PublicKey(key), spkiOf(oidEd25519, nil, key)}
}

func badEd25519() []candidate {
	good := newEd25519().Public().(ed25519.PublicKey)
	all := []candidate{
		edCandidate("Ed25519: empty", nil),
		edCandidate("Ed25519: 31 bytes", good[:31]),
		edCandidate("Ed25519: 33 bytes", append(bytes.Clone(good), 0)),
		edCandidate("Ed25519: an Ed448 key's 57 bytes", bytes.Repeat([]byte{7}, 57)),
		edCandidate("Ed25519: no point", notOnEdwards()),
		edCandidate("Ed25519: all ones", bytes.Repeat([]byte{0xff}, 32)),
	}
	for _, point := range smallOrderPoints() {
		all = append(all, edCandidate("Ed25519: small order "+hex.EncodeToString(point), point))
	}
	// y + p for the y that are points: the same point in a second spelling (RFC 8032
	// §5.1.3 refuses it).
	for y := byte(2); y < 19; y++ {
		second := bytes.Repeat([]byte{0xff}, 32)
		second[0], second[31] = 0xed+y, 0x7f
		all = append(all, edCandidate("Ed25519: y + p for y = "+big.NewInt(int64(y)).String(), second))
	}
	return all
}

func goodEd25519() []candidate {
	private := newEd25519()
	return []candidate{
		edCandidate("Ed25519: a key", private.Public().(ed25519.PublicKey)),
		edCandidate("Ed25519: of mixed order", mixedOrder()),
		// y = 3 is the smallest that is a point.
		edCandidate("Ed25519: a small y", append([]byte{3}, make([]byte, 31)...)),
	}
}

// mixedOrder returns the sum of the base point and of a point of order 4: (x, y) + (i, 0)
// is (iy, ix), where i is a square root of -1.
func mixedOrder() []byte {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	i := new(big.Int).ModSqrt(new(big.Int).Sub(p, big.NewInt(1)), p)
	x, _ := new(big.Int).SetString("216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a", 16)
	y, _ := new(big.Int).SetString("6666666666666666666666666666666666666666666666666666666666666658", 16)
	sum := new(big.Int).Mul(i, x)
	encoded := sum.Mod(sum, p).FillBytes(make([]byte, 32))
	slices.Reverse(encoded)
	if new(big.Int).Mod(new(big.Int).Mul(i, y), p).Bit(0) == 1 {
		encoded[31] |= 0x80
	}
	return encoded
}

func ecCandidate(name string, curve elliptic.Curve, x, y *big.Int) candidate {
	c := candidate{curve.Params().Name + ": " + name, curveAlgorithms[curve], &ecdsa.PublicKey{Curve: curve, X: x, Y: y}, nil}
	size := (curve.Params().BitSize + 7) / 8
	if x.Sign() >= 0 && y.Sign() >= 0 && len(x.Bytes()) <= size && len(y.Bytes()) <= size {
		point := append([]byte{4}, make([]byte, 2*size)...)
		x.FillBytes(point[1 : 1+size])
		y.FillBytes(point[1+size:])
		c.der = spkiOf(oidEC, curveOIDs[curve], point)
	}
	return c
}

func badECDSA() []candidate {
	var all []candidate
	for curve, oid := range curveOIDs {
		params := curve.Params()
		add := func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
		one, minusOne := big.NewInt(1), big.NewInt(-1)
		x, y := params.Gx, params.Gy
		for name, point := range map[string][2]*big.Int{
			"(0, 0), which some write for infinity": {new(big.Int), new(big.Int)},
			"(0, 1)":                                {new(big.Int), one},
			"(1, 0)":                                {one, new(big.Int)},
			"(p-1, p-1)":                            {add(params.P, minusOne), add(params.P, minusOne)},
			"the generator with another y":          {x, add(y, one)},
			"the generator with another x":          {add(x, one), y},
			"the generator, swapped":                {y, x},
			"x beyond the field":                    {add(x, params.P), y},
			"y beyond the field":                    {x, add(y, params.P)},
			"p for x":                               {params.P, y},
			"a negative x":                          {new(big.Int).Neg(x), y},
			"a negative y":                          {x, new(big.Int).Neg(y)},
			"a point of the twist":                  onTwist(params),
			"huge coordinates":                      {new(big.Int).Lsh(one, 10000), new(big.Int).Lsh(one, 10000)},
		} {
			all = append(all, ecCandidate(name, curve, point[0], point[1]))
		}
		for other := range curveOIDs {
			if other != curve {
				all = append(all, ecCandidate("the generator of "+other.Params().Name, curve, other.Params().Gx, other.Params().Gy))
			}
		}
		point := elliptic.Marshal(curve, x, y)
		compressed := elliptic.MarshalCompressed(curve, x, y)
		hybrid := bytes.Clone(point)
		hybrid[0] = 6 + byte(y.Bit(0))
		for name, der := range map[string][]byte{
			"infinity":                    spkiOf(oidEC, oid, []byte{0}),
			"infinity with padding":       spkiOf(oidEC, oid, make([]byte, len(point))),
			"no point at all":             spkiOf(oidEC, oid, nil),
			"a compressed point":          spkiOf(oidEC, oid, compressed),
			"a hybrid point":              spkiOf(oidEC, oid, hybrid),
			"a point that is cut":         spkiOf(oidEC, oid, point[:len(point)-1]),
			"a point and a byte":          spkiOf(oidEC, oid, append(bytes.Clone(point), 0)),
			"no curve":                    spkiOf(oidEC, nil, point),
			"NULL for a curve":            spkiOf(oidEC, asn1.NullRawValue, point),
			"the curve secp256k1":         spkiOf(oidEC, asn1.ObjectIdentifier{1, 3, 132, 0, 10}, point),
			"the curve brainpoolP256r1":   spkiOf(oidEC, asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 7}, point),
			"the curve as its parameters": spkiOf(oidEC, explicitParameters(params), point),
			"the algorithm ECDH":          spkiOf(asn1.ObjectIdentifier{1, 3, 132, 1, 12}, oid, point),
			"an indefinite length":        append(append([]byte{0x30, 0x80}, contentOf(spkiOf(oidEC, oid, point))...), 0, 0),
			"a length in long form":       longForm(spkiOf(oidEC, oid, point)),
			"truncated":                   spkiOf(oidEC, oid, point)[:40],
			"unused bits":                 must(asn1.Marshal(spki{algorithmID{oidEC, asn1.RawValue{FullBytes: must(asn1.Marshal(oid))}}, asn1.BitString{Bytes: point, BitLength: 8*len(point) - 3}})),
		} {
			all = append(all, candidate{params.Name + ": " + name, curveAlgorithms[curve], nil, der})
		}
	}
	return all
}

// onTwist returns a point of the quadratic twist: x, for which the curve has no y, and the
// y of the twist by -1.
func onTwist(params *elliptic.CurveParams) [2]*big.Int {
	for x := big.NewInt(1); ; x.Add(x, big.NewInt(1)) {
		right := new(big.Int).Exp(x, big.NewInt(3), nil) // x³ - 3x + b
		right.Sub(right, new(big.Int).Mul(big.NewInt(3), x)).Add(right, params.B).Mod(right, params.P)
		if big.Jacobi(right, params.P) == -1 {
			return [2]*big.Int{x, new(big.Int).ModSqrt(new(big.Int).Sub(params.P, right), params.P)}
		}
	}
}

// explicitParameters is SpecifiedECDomain (SEC 1 §C.2), by which an attacker chooses the
// curve (CVE-2020-0601).
func explicitParameters(params *elliptic.CurveParams) any {
	type field struct {
		Type  asn1.ObjectIdentifier
		Prime *big.Int
	}
	type equation struct{ A, B []byte }
	return struct {
		Version  int
		Field    field
		Equation equation
		Base     []byte
		Order    *big.Int
		Cofactor int
	}{1, field{asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}, params.P},
		equation{new(big.Int).Sub(params.P, big.NewInt(3)).Bytes(), params.B.Bytes()},
		elliptic.Marshal(params, params.Gx, params.Gy), params.N, 1}
}

// contentOf returns what is in the outermost SEQUENCE.
func contentOf(der []byte) []byte {
	var sequence asn1.RawValue
	must(asn1.Unmarshal(der, &sequence))
	return sequence.Bytes
}

// longForm writes the length of the outermost SEQUENCE in four bytes, which DER forbids
// for a short one.
func longForm(der []byte) []byte {
	content := contentOf(der)
	return append(binary.BigEndian.AppendUint32([]byte{0x30, 0x84}, uint32(len(content))), content...)
}

func goodECDSA() []candidate {
	var all []candidate
	for curve := range curveOIDs {
		params := curve.Params()
		add := func(name string, x, y *big.Int) { all = append(all, ecCandidate(name, curve, x, y)) }
		add("the generator", params.Gx, params.Gy)
		add("minus the generator", params.Gx, new(big.Int).Sub(params.P, params.Gy))
		doubleX, doubleY := curve.Double(params.Gx, params.Gy)
		add("twice the generator", doubleX, doubleY)
		if y := new(big.Int).ModSqrt(params.B, params.P); y != nil {
			add("x = 0", new(big.Int), y)
			add("x = 0 and the other y", new(big.Int), new(big.Int).Sub(params.P, y))
		}
	}
	return all
}

// A scalar that is 0 or not below the order of the curve is no private key (SEC 1 §3.2.1).
func TestInvalidPrivateKeysAreRefused(t *testing.T) {
	type sec1 struct {
		Version int
		Scalar  []byte
		Curve   asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	}
	for curve, oid := range curveOIDs {
		n := curve.Params().N
		for name, scalar := range map[string]*big.Int{"0": new(big.Int), "n": n, "n+1": new(big.Int).Add(n, big.NewInt(1))} {
			private := &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: curve, X: curve.Params().Gx, Y: curve.Params().Gy}, D: scalar}
			if _, err := jwtexp.NewSigningKey(curveAlgorithms[curve], private); err == nil {
				t.Errorf("%s, %s, NewSigningKey: got no error, want the key refused", curve.Params().Name, name)
			}
			der := must(asn1.Marshal(sec1{1, scalar.FillBytes(make([]byte, (n.BitLen()+7)/8)), oid}))
			for kind, text := range map[string][]byte{
				"SEC 1": pemOf("EC PRIVATE KEY", der),
				"PKCS #8": pemOf("PRIVATE KEY", must(asn1.Marshal(struct {
					Version   int
					Algorithm algorithmID
					Key       []byte
				}{0, algorithmID{oidEC, asn1.RawValue{FullBytes: must(asn1.Marshal(oid))}}, der}))),
			} {
				if _, err := jwtexp.ParsePEM(curveAlgorithms[curve], text); err == nil {
					t.Errorf("%s, %s, ParsePEM of %s: got no error, want the key refused", curve.Params().Name, name, kind)
				}
			}
		}
	}
}

// odd returns an odd number of so many bits.
func odd(bits int) *big.Int {
	n := new(big.Int).SetBit(new(big.Int), bits-1, 1)
	return n.SetBit(n, 0, 1)
}

func rsaCandidate(name string, n *big.Int, e int) candidate {
	type pkcs1 struct {
		N *big.Int
		E int
	}
	oidRSA := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	return candidate{"RSA: " + name, jwtexp.RS256, &rsa.PublicKey{N: n, E: e},
		spkiOf(oidRSA, asn1.NullRawValue, must(asn1.Marshal(pkcs1{n, e})))}
}

func badRSA() []candidate {
	good := odd(2048)
	all := []candidate{
		rsaCandidate("1024 bits", odd(1024), 65537),
		rsaCandidate("2047 bits", odd(2047), 65537),
		rsaCandidate("8193 bits", odd(8193), 65537),
		rsaCandidate("16384 bits", odd(16384), 65537),
		rsaCandidate("an even modulus", new(big.Int).Lsh(big.NewInt(1), 2048), 65537),
		rsaCandidate("a negative modulus", new(big.Int).Neg(good), 65537),
		rsaCandidate("modulus 0", new(big.Int), 65537),
		rsaCandidate("modulus 1", big.NewInt(1), 65537),
		rsaCandidate("exponent 0", good, 0),
		rsaCandidate("exponent 1", good, 1),
		rsaCandidate("exponent 2", good, 2),
		rsaCandidate("an even exponent", good, 65536),
		rsaCandidate("a negative exponent", good, -3),
		{"RSA: no modulus", jwtexp.RS256, &rsa.PublicKey{E: 65537}, nil},
	}
	if fips140.Enforced() {
		all = append(all, oddRSA()...)
	}
	return all
}

func goodRSA() []candidate {
	all := []candidate{
		rsaCandidate("2048 bits", odd(2048), 65537),
		rsaCandidate("8192 bits", odd(8192), 65537),
		rsaCandidate("the largest exponent that crypto/rsa takes", odd(2048), 1<<31-1),
	}
	if !fips140.Enforced() {
		all = append(all, oddRSA()...)
	}
	return all
}

// oddRSA returns keys that FIPS 186-5 does not allow.
func oddRSA() []candidate {
	return []candidate{
		rsaCandidate("2049 bits", odd(2049), 65537),
		rsaCandidate("exponent 3", odd(2048), 3),
	}
}
