package jwtexp_test

//lint:file-ignore SA1019 the tests set the fields of keys, as applications can

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"

	"github.com/jwtexp/jwtexp"
)

// With a public key of small order, signatures can be forged without a private key: crypto/ed25519
// accepts S = 0 with an R of small order for at least one message in eight.
func TestSmallOrderKeyIsRejected(t *testing.T) {
	for _, point := range smallOrderPoints() {
		if !isForgeable(point) {
			t.Errorf("%x: got no forged signature that crypto/ed25519 accepts, want one", point)
		}
		for _, alg := range []jwtexp.Algorithm{jwtexp.EdDSA, jwtexp.Ed25519} {
			if _, err := jwtexp.NewPublicKey(alg, ed25519.PublicKey(point)); err == nil {
				t.Errorf("NewPublicKey(%s, %x): got nil, want an error", alg, point)
			}
		}
	}
}

// isForgeable reports whether crypto/ed25519 accepts a forged signature of one of 100 messages.
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

// smallOrderPoints returns the 14 encodings of the eight points of small order. Besides the
// canonical ones, these are encodings of y as y + p, and of x = 0 with the sign bit.
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

// notOnEdwards returns 32 bytes that do not encode a point: the curve has no x for y = 2.
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
		edCandidate("Ed25519: 57 bytes, as of Ed448", bytes.Repeat([]byte{7}, 57)),
		edCandidate("Ed25519: not a point", notOnEdwards()),
		edCandidate("Ed25519: all ones", bytes.Repeat([]byte{0xff}, 32)),
	}
	for _, point := range smallOrderPoints() {
		all = append(all, edCandidate("Ed25519: small order "+hex.EncodeToString(point), point))
	}
	// y + p is a second encoding of the point with y, which RFC 8032 §5.1.3 rejects. It fits in
	// 255 bits for y below 19.
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
		edCandidate("Ed25519: mixed order", mixedOrder()),
		// The smallest y of a point is 3, except for points of small order.
		edCandidate("Ed25519: a small y", append([]byte{3}, make([]byte, 31)...)),
	}
}

// mixedOrder returns the sum of the base point (x, y) and the point (i, 0) of order 4, with i a
// square root of -1. The sum is (iy, ix).
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
			"(0, 0), as some encode infinity":    {new(big.Int), new(big.Int)},
			"(0, 1)":                             {new(big.Int), one},
			"(1, 0)":                             {one, new(big.Int)},
			"(p-1, p-1)":                         {add(params.P, minusOne), add(params.P, minusOne)},
			"the generator with another y":       {x, add(y, one)},
			"the generator with another x":       {add(x, one), y},
			"the generator with x and y swapped": {y, x},
			"x beyond the field":                 {add(x, params.P), y},
			"y beyond the field":                 {x, add(y, params.P)},
			"x = p":                              {params.P, y},
			"a negative x":                       {new(big.Int).Neg(x), y},
			"a negative y":                       {x, new(big.Int).Neg(y)},
			"a point of the twist":               onTwist(params),
			"huge coordinates":                   {new(big.Int).Lsh(one, 10000), new(big.Int).Lsh(one, 10000)},
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
			"infinity":                  spkiOf(oidEC, oid, []byte{0}),
			"infinity with padding":     spkiOf(oidEC, oid, make([]byte, len(point))),
			"an empty point":            spkiOf(oidEC, oid, nil),
			"a compressed point":        spkiOf(oidEC, oid, compressed),
			"a hybrid point":            spkiOf(oidEC, oid, hybrid),
			"a truncated point":         spkiOf(oidEC, oid, point[:len(point)-1]),
			"a point and a byte":        spkiOf(oidEC, oid, append(bytes.Clone(point), 0)),
			"no curve":                  spkiOf(oidEC, nil, point),
			"NULL instead of a curve":   spkiOf(oidEC, asn1.NullRawValue, point),
			"the curve secp256k1":       spkiOf(oidEC, asn1.ObjectIdentifier{1, 3, 132, 0, 10}, point),
			"the curve brainpoolP256r1": spkiOf(oidEC, asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 7}, point),
			"explicit curve parameters": spkiOf(oidEC, explicitParameters(params), point),
			"the algorithm ECDH":        spkiOf(asn1.ObjectIdentifier{1, 3, 132, 1, 12}, oid, point),
			"an indefinite length":      append(append([]byte{0x30, 0x80}, contentOf(spkiOf(oidEC, oid, point))...), 0, 0),
			"a length in long form":     longForm(spkiOf(oidEC, oid, point)),
			"truncated":                 spkiOf(oidEC, oid, point)[:40],
			"unused bits":               must(asn1.Marshal(spki{algorithmID{oidEC, asn1.RawValue{FullBytes: must(asn1.Marshal(oid))}}, asn1.BitString{Bytes: point, BitLength: 8*len(point) - 3}})),
		} {
			all = append(all, candidate{params.Name + ": " + name, curveAlgorithms[curve], nil, der})
		}
	}
	return all
}

// onTwist returns a point of the quadratic twist by -1. The curve has no point with its x.
func onTwist(params *elliptic.CurveParams) [2]*big.Int {
	for x := big.NewInt(1); ; x.Add(x, big.NewInt(1)) {
		right := new(big.Int).Exp(x, big.NewInt(3), nil) // x³ - 3x + b
		right.Sub(right, new(big.Int).Mul(big.NewInt(3), x)).Add(right, params.B).Mod(right, params.P)
		if big.Jacobi(right, params.P) == -1 {
			return [2]*big.Int{x, new(big.Int).ModSqrt(new(big.Int).Sub(params.P, right), params.P)}
		}
	}
}

// explicitParameters returns a SpecifiedECDomain (SEC 1 §C.2), with which an attacker can choose
// the curve (CVE-2020-0601).
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

// contentOf returns the content of the outermost SEQUENCE.
func contentOf(der []byte) []byte {
	var sequence asn1.RawValue
	must(asn1.Unmarshal(der, &sequence))
	return sequence.Bytes
}

// longForm writes the length of the outermost SEQUENCE in four bytes. DER requires the shortest
// form.
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

// A private key is a scalar from 1 to n - 1, with n the order of the curve (SEC 1 §3.2.1).
func TestInvalidPrivateKeysAreRejected(t *testing.T) {
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
				t.Errorf("%s, %s, NewSigningKey: got nil, want an error", curve.Params().Name, name)
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
					t.Errorf("%s, %s, ParsePEM of %s: got nil, want an error", curve.Params().Name, name, kind)
				}
			}
		}
	}
}
