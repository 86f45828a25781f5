package jwtexp_test

//lint:file-ignore SA1019 the tests overwrite the fields of keys, as whoever the keys belong to can

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// testRSA and smallRSA take long enough to make that the tests share them.
var (
	testRSA  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	smallRSA = sync.OnceValue(newSmallRSA)
)

// newSmallRSA makes a key of 1024 bits by hand: crypto/rsa makes none with
// GODEBUG=fips140=only.
func newSmallRSA() *rsa.PrivateKey {
	source := mathrand.NewChaCha8([32]byte{1})
	prime := func() *big.Int {
		for {
			random := make([]byte, 64)
			source.Read(random)
			p := new(big.Int).SetBytes(random)
			p.SetBit(p.SetBit(p.SetBit(p, 511, 1), 510, 1), 0, 1)
			if p.ProbablyPrime(20) && new(big.Int).Mod(p, big.NewInt(65537)).Cmp(big.NewInt(1)) != 0 {
				return p
			}
		}
	}
	p, q := prime(), prime()
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	return &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537},
		D:         new(big.Int).ModInverse(big.NewInt(65537), phi),
		Primes:    []*big.Int{p, q},
	}
}

func newECDSA(curve elliptic.Curve) *ecdsa.PrivateKey {
	return must(ecdsa.GenerateKey(curve, rand.Reader))
}

func newEd25519() ed25519.PrivateKey {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return must(private, err)
}

// publicKeyAlgorithms has a private key for every algorithm that has one.
func publicKeyAlgorithms() map[jwtexp.Algorithm]crypto.Signer {
	return map[jwtexp.Algorithm]crypto.Signer{
		jwtexp.RS256: testRSA(), jwtexp.RS384: testRSA(), jwtexp.RS512: testRSA(),
		jwtexp.PS256: testRSA(), jwtexp.PS384: testRSA(), jwtexp.PS512: testRSA(),
		jwtexp.ES256: newECDSA(elliptic.P256()), jwtexp.ES384: newECDSA(elliptic.P384()), jwtexp.ES512: newECDSA(elliptic.P521()),
		jwtexp.EdDSA: newEd25519(), jwtexp.Ed25519: newEd25519(),
	}
}

// vault is a crypto.Signer of no concrete key type, as that of a KMS is.
type vault struct {
	key crypto.Signer
	err error
}

func (v vault) Public() crypto.PublicKey { return v.key.Public() }

func (v vault) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if v.err != nil {
		return nil, v.err
	}
	return v.key.Sign(rand, digest, opts)
}

func TestEveryAlgorithm(t *testing.T) {
	signing := map[jwtexp.Algorithm]jwtexp.Key{}
	for alg, size := range map[jwtexp.Algorithm]int{jwtexp.HS256: 32, jwtexp.HS384: 48, jwtexp.HS512: 64} {
		signing[alg] = must(jwtexp.NewSecretKey(alg, []byte(strings.Repeat("secret! ", 8)[:size])))
		if got := signing[alg].PublicKey(); got != nil {
			t.Errorf("%s: got public key %v, want nil", alg, got)
		}
	}
	for alg, private := range publicKeyAlgorithms() {
		signing[alg] = must(jwtexp.NewSigningKey(alg, private))
	}

	for alg, key := range signing {
		issuer := must(jwtexp.NewIssuer(key, time.Hour))
		token := must(issuer.Issue(t.Context(), "alice", nil)).Raw()
		for other, otherKey := range signing {
			want := "invalid: algorithm"
			if other == alg {
				want = "ok"
			}
			if public := otherKey.PublicKey(); public != nil {
				otherKey = must(jwtexp.NewPublicKey(other, public))
			}
			_, err := newPair(otherKey).Verify(t.Context(), token)
			if got := outcome(err); got != want {
				t.Errorf("a %s token for a %s key: got %s, want %s", alg, other, got, want)
			}
		}
		flipped := token[:len(token)-10] + flip(token[len(token)-10:])
		_, err := newPair(key).Verify(t.Context(), flipped)
		if got := outcome(err); got != "invalid: signature" {
			t.Errorf("%s with a changed signature: got %s, want invalid: signature", alg, got)
		}
	}
}

func flip(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

func TestSignerThatIsNoConcreteKey(t *testing.T) {
	for alg, private := range publicKeyAlgorithms() {
		t.Run(string(alg), func(t *testing.T) {
			key := must(jwtexp.NewSigningKey(alg, vault{key: private}))
			token := must(must(jwtexp.NewIssuer(key, time.Hour)).Issue(t.Context(), "alice", nil))
			local := must(jwtexp.NewPublicKey(alg, private.Public()))
			_, err := newPair(local).Verify(t.Context(), token.Raw())
			wantOutcome(t, err, "ok")

			down := errors.New("the vault is sealed")
			key = must(jwtexp.NewSigningKey(alg, vault{private, down}))
			_, err = must(jwtexp.NewIssuer(key, time.Hour)).Issue(t.Context(), "alice", nil)
			wantOutcome(t, err, "unavailable")
			if !errors.Is(err, down) {
				t.Errorf("got %v, want it to match the signer's error", err)
			}
		})
	}
}

// liar signs with another key than it says, or answers with what is no signature.
type liar struct {
	vault
	answer func() ([]byte, error)
}

func (l liar) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return l.answer() }

func TestSignerThatLies(t *testing.T) {
	for name, answer := range map[string][]byte{
		"nothing":       nil,
		"zeros":         make([]byte, 64),
		"not ASN.1":     []byte("signature"),
		"zero r and s":  {0x30, 6, 2, 1, 0, 2, 1, 0},
		"negative":      {0x30, 6, 2, 1, 0xff, 2, 1, 1},
		"trailing data": {0x30, 6, 2, 1, 1, 2, 1, 1, 0},
		"too long":      append([]byte{0x30, 38, 2, 33, 1}, append(make([]byte, 32), 2, 1, 1)...),
		"of nobody":     {0x30, 6, 2, 1, 1, 2, 1, 1},
	} {
		for alg, private := range publicKeyAlgorithms() {
			key := must(jwtexp.NewSigningKey(alg, liar{vault{key: private}, func() ([]byte, error) { return answer, nil }}))
			token, err := must(jwtexp.NewIssuer(key, time.Hour)).Issue(t.Context(), "alice", nil)
			if token != nil || err == nil {
				t.Errorf("%s, %s: got %v, %v, want an error", alg, name, token, err)
			}
			for _, sentinel := range sentinels {
				if errors.Is(err, sentinel) {
					t.Errorf("%s, %s: got %v, want no verdict", alg, name, err)
				}
			}
		}
	}
}

func TestKeyKnowsItsAlgorithm(t *testing.T) {
	p256, p384, ed := newECDSA(elliptic.P256()), newECDSA(elliptic.P384()), newEd25519()
	invalidRSA := *testRSA()
	invalidRSA.D = big.NewInt(3)
	invalidECDSA := *p256
	invalidECDSA.PublicKey = newECDSA(elliptic.P256()).PublicKey
	invalidEd := bytes.Clone(ed)
	invalidEd[63] ^= 1
	even := &rsa.PublicKey{N: testRSA().N, E: 4}
	shortModulus := new(big.Int).SetBit(big.NewInt(1), 2046, 1)
	beyond32 := int64(1)<<33 + 1 // 1 where an int has 32 bits, which is no exponent either
	shortEd := ed[:10]
	// An SPKI whose curve Go does not know: secp256k1.
	foreignSPKI := must(hex.DecodeString("3056301006072a8648ce3d020106052b8104000a034200" + strings.Repeat("04", 65)))
	secret := []byte(strings.Repeat("secret! ", 8))

	secretKey := func(alg jwtexp.Algorithm, s []byte) func() (jwtexp.Key, error) {
		return func() (jwtexp.Key, error) { return jwtexp.NewSecretKey(alg, s) }
	}
	signing := func(alg jwtexp.Algorithm, k crypto.Signer) func() (jwtexp.Key, error) {
		return func() (jwtexp.Key, error) { return jwtexp.NewSigningKey(alg, k) }
	}
	public := func(alg jwtexp.Algorithm, k crypto.PublicKey) func() (jwtexp.Key, error) {
		return func() (jwtexp.Key, error) { return jwtexp.NewPublicKey(alg, k) }
	}
	for name, make := range map[string]func() (jwtexp.Key, error){
		"no algorithm":                   secretKey("", secret),
		"none":                           secretKey("none", secret),
		"lower case":                     secretKey("hs256", secret),
		"unknown":                        secretKey("HS1024", secret),
		"secret for RS256":               secretKey(jwtexp.RS256, secret),
		"secret for EdDSA":               secretKey(jwtexp.EdDSA, secret),
		"no secret":                      secretKey(jwtexp.HS256, nil),
		"PEM of a public key":            secretKey(jwtexp.HS256, pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&p256.PublicKey)))),
		"PEM with CRLF":                  secretKey(jwtexp.HS256, bytes.ReplaceAll(pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&p256.PublicKey))), []byte("\n"), []byte("\r\n"))),
		"PEM behind white space":         secretKey(jwtexp.HS512, append([]byte(" \n"), pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&testRSA().PublicKey))...)),
		"PEM of a private key":           secretKey(jwtexp.HS256, pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ed)))),
		"DER of an RSA public key":       secretKey(jwtexp.HS256, must(x509.MarshalPKIXPublicKey(&testRSA().PublicKey))),
		"DER of a PKCS #1 public key":    secretKey(jwtexp.HS256, x509.MarshalPKCS1PublicKey(&testRSA().PublicKey)),
		"DER of an ECDSA public key":     secretKey(jwtexp.HS256, must(x509.MarshalPKIXPublicKey(&p256.PublicKey))),
		"DER of an Ed25519 public key":   secretKey(jwtexp.HS256, must(x509.MarshalPKIXPublicKey(ed.Public()))),
		"DER and a line break":           secretKey(jwtexp.HS256, append(must(x509.MarshalPKIXPublicKey(&p256.PublicKey)), '\n')),
		"DER of an unknown curve":        secretKey(jwtexp.HS256, foreignSPKI),
		"DER of a certificate":           secretKey(jwtexp.HS256, certificate(ed)),
		"RSA for HS256":                  signing(jwtexp.HS256, testRSA()),
		"RSA public for HS256":           public(jwtexp.HS256, &testRSA().PublicKey),
		"bytes as public key for HS256":  public(jwtexp.HS256, secret),
		"RSA for ES256":                  signing(jwtexp.ES256, testRSA()),
		"ECDSA for RS256":                signing(jwtexp.RS256, p256),
		"Ed25519 for ES256":              signing(jwtexp.ES256, ed),
		"P-384 for ES256":                signing(jwtexp.ES256, p384),
		"P-256 for ES384":                public(jwtexp.ES384, &p256.PublicKey),
		"P-384 for ES512":                public(jwtexp.ES512, &p384.PublicKey),
		"RSA of 1024 bits":               signing(jwtexp.RS256, smallRSA()),
		"RSA public of 1024 bits":        public(jwtexp.PS256, &smallRSA().PublicKey),
		"RSA public of 2047 bits":        public(jwtexp.RS256, &rsa.PublicKey{N: shortModulus, E: 65537}),
		"RSA with an even exponent":      public(jwtexp.RS256, even),
		"RSA with a huge exponent":       public(jwtexp.RS256, &rsa.PublicKey{N: testRSA().N, E: int(beyond32)}),
		"RSA with exponent 1":            public(jwtexp.RS256, &rsa.PublicKey{N: testRSA().N, E: 1}),
		"RSA with an even modulus":       public(jwtexp.RS256, &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2048), E: 65537}),
		"RSA that is not valid":          signing(jwtexp.RS256, &invalidRSA),
		"ECDSA that is not valid":        signing(jwtexp.ES256, &invalidECDSA),
		"Ed25519 that is not valid":      signing(jwtexp.EdDSA, ed25519.PrivateKey(invalidEd)),
		"Ed25519 that is too short":      signing(jwtexp.EdDSA, ed[:63]),
		"Ed25519, by pointer, too short": signing(jwtexp.EdDSA, &shortEd),
		"Ed25519 public, too short":      public(jwtexp.EdDSA, ed25519.PublicKey(ed[:31])),
		"point off the curve":            public(jwtexp.ES256, &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}),
		"zero RSA":                       signing(jwtexp.RS256, &rsa.PrivateKey{}),
		"zero RSA public":                public(jwtexp.RS256, &rsa.PublicKey{}),
		"zero ECDSA":                     signing(jwtexp.ES256, &ecdsa.PrivateKey{}),
		"ECDSA without a number":         signing(jwtexp.ES256, &ecdsa.PrivateKey{PublicKey: p256.PublicKey}),
		"zero ECDSA public":              public(jwtexp.ES256, &ecdsa.PublicKey{}),
		"ECDSA without a point":          public(jwtexp.ES256, &ecdsa.PublicKey{Curve: elliptic.P256()}),
		"nil":                            signing(jwtexp.RS256, nil),
		"nil RSA":                        signing(jwtexp.RS256, (*rsa.PrivateKey)(nil)),
		"nil ECDSA":                      signing(jwtexp.ES256, (*ecdsa.PrivateKey)(nil)),
		"nil Ed25519":                    signing(jwtexp.EdDSA, ed25519.PrivateKey(nil)),
		"nil public":                     public(jwtexp.RS256, nil),
		"nil RSA public":                 public(jwtexp.RS256, (*rsa.PublicKey)(nil)),
		"nil ECDSA public":               public(jwtexp.ES256, (*ecdsa.PublicKey)(nil)),
		"RSA public by value":            public(jwtexp.RS256, testRSA().PublicKey),
		"private key as public":          public(jwtexp.RS256, testRSA()),
		"vault without a public key":     signing(jwtexp.RS256, keyless{}),
		"vault with a nil public key":    signing(jwtexp.RS256, keyless{(*rsa.PublicKey)(nil)}),
		"vault of another kind":          signing(jwtexp.RS256, vault{key: p256}),
	} {
		t.Run(name, func(t *testing.T) {
			if key, err := make(); err == nil || key != (jwtexp.Key{}) {
				t.Errorf("got %v, %v, want the zero Key and an error", key, err)
			}
		})
	}
}

type keyless struct{ public crypto.PublicKey }

func (k keyless) Public() crypto.PublicKey { return k.public }
func (keyless) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no key")
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func certificate(private crypto.Signer) []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: epoch}
	return must(x509.CreateCertificate(rand.Reader, template, template, private.Public(), private))
}

func TestParsePEM(t *testing.T) {
	ec, ed := newECDSA(elliptic.P256()), newEd25519()
	pkcs8 := pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ec)))
	spki := pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&ec.PublicKey)))
	for _, c := range []struct {
		name     string
		alg      jwtexp.Algorithm
		text     []byte
		canSign  bool
		wantFail bool
	}{
		{name: "PKCS #8", alg: jwtexp.ES256, text: pkcs8, canSign: true},
		{name: "PKCS #8 of Ed25519", alg: jwtexp.EdDSA, text: pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ed))), canSign: true},
		{name: "PKCS #1", alg: jwtexp.PS256, text: pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(testRSA())), canSign: true},
		{name: "SEC 1", alg: jwtexp.ES256, text: pemOf("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ec))), canSign: true},
		{name: "SEC 1 behind parameters", alg: jwtexp.ES256, text: append(pemOf("EC PARAMETERS", []byte{6, 0}), pemOf("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ec)))...), canSign: true},
		{name: "SPKI", alg: jwtexp.ES256, text: spki},
		{name: "SPKI with white space around", alg: jwtexp.ES256, text: append(append([]byte("\n"), spki...), " \r\n"...)},
		{name: "PKCS #1 public", alg: jwtexp.RS256, text: pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&testRSA().PublicKey))},
		{name: "certificate", alg: jwtexp.EdDSA, text: pemOf("CERTIFICATE", certificate(ed))},
		{name: "nothing", alg: jwtexp.ES256, wantFail: true},
		{name: "not PEM", alg: jwtexp.ES256, text: []byte("key"), wantFail: true},
		{name: "PEM and more", alg: jwtexp.ES256, text: append(spki, "key"...), wantFail: true},
		{name: "two keys", alg: jwtexp.ES256, text: append(pkcs8, spki...), wantFail: true},
		{name: "another kind", alg: jwtexp.RS256, text: spki, wantFail: true},
		{name: "for HMAC", alg: jwtexp.HS256, text: spki, wantFail: true},
		{name: "for no algorithm", alg: "none", text: spki, wantFail: true},
		{name: "broken", alg: jwtexp.ES256, text: pemOf("PUBLIC KEY", []byte("broken")), wantFail: true},
		{name: "a byte behind the key", alg: jwtexp.ES256, text: pemOf("PUBLIC KEY", append(must(x509.MarshalPKIXPublicKey(&ec.PublicKey)), 0)), wantFail: true},
		{name: "broken certificate", alg: jwtexp.ES256, text: pemOf("CERTIFICATE", []byte("broken")), wantFail: true},
		{name: "encrypted PKCS #8", alg: jwtexp.ES256, text: pemOf("ENCRYPTED PRIVATE KEY", []byte("x")), wantFail: true},
		{name: "encrypted SEC 1", alg: jwtexp.ES256, text: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES-256-CBC,00"}}), wantFail: true},
		{name: "certificate request", alg: jwtexp.ES256, text: pemOf("CERTIFICATE REQUEST", []byte("x")), wantFail: true},
		{name: "X25519, which cannot sign", alg: jwtexp.EdDSA, text: pemOf("PUBLIC KEY", []byte{0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0, 31: 1, 43: 0}), wantFail: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, err := jwtexp.ParsePEM(c.alg, c.text)
			if failed := err != nil; failed != c.wantFail {
				t.Fatalf("got error %v, want one: %v", err, c.wantFail)
			}
			if c.wantFail {
				return
			}
			if key.PublicKey() == nil || key.Algorithm() != c.alg {
				t.Errorf("got %v, want a %s key with a public half", key, c.alg)
			}
			if _, err := jwtexp.NewIssuer(key, time.Hour); (err == nil) != c.canSign {
				t.Errorf("NewIssuer: got %v, want success: %v", err, c.canSign)
			}
		})
	}
}

func TestKeyMaterialIsCloned(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	token := sign(testSecret, joseHeader, live(``))

	secret := []byte(testSecret)
	key := must(jwtexp.NewSecretKey(jwtexp.HS256, secret))
	clear(secret)
	// Twice, after which no pool has a state that was keyed before.
	runtime.GC()
	runtime.GC()
	_, err := newPair(key, jwtexp.WithClock(clock)).Verify(t.Context(), token)
	wantOutcome(t, err, "ok")

	rsaKey := must(x509.ParsePKCS1PrivateKey(x509.MarshalPKCS1PrivateKey(testRSA())))
	edKey := newEd25519()
	ecKey := newECDSA(elliptic.P256())
	keys := []jwtexp.Key{
		must(jwtexp.NewSigningKey(jwtexp.RS256, rsaKey)), must(jwtexp.NewPublicKey(jwtexp.RS256, &rsaKey.PublicKey)),
		must(jwtexp.NewSigningKey(jwtexp.EdDSA, &edKey)), must(jwtexp.NewPublicKey(jwtexp.EdDSA, edKey.Public())),
		must(jwtexp.NewSigningKey(jwtexp.ES256, ecKey)), must(jwtexp.NewPublicKey(jwtexp.ES256, &ecKey.PublicKey)),
	}
	raw := func(i int) string {
		return must(must(jwtexp.NewIssuer(keys[i], time.Hour)).Issue(t.Context(), "alice", nil)).Raw()
	}
	tokens := []string{raw(0), raw(2), raw(4)}

	rsaKey.N.SetInt64(1)
	rsaKey.D.SetInt64(1)
	clear(edKey)
	ecKey.X.SetInt64(1)
	ecKey.D.SetInt64(1)
	for _, k := range keys { // and what PublicKey hands out is no way in
		switch public := k.PublicKey().(type) {
		case *rsa.PublicKey:
			public.N.SetInt64(1)
		case ed25519.PublicKey:
			clear(public)
		case *ecdsa.PublicKey:
			public.X.SetInt64(1)
		}
	}
	for i, k := range keys {
		_, err := newPair(k).Verify(t.Context(), tokens[i/2])
		if got := outcome(err); got != "ok" {
			t.Errorf("%v after its origin was overwritten: got %s, want ok", k, got)
		}
	}
	for i := 0; i < len(keys); i += 2 {
		raw(i) // and they still sign
	}
}

// A key is read and not written, so that several can be made of it at once.
func TestKeyMaterialIsOnlyRead(t *testing.T) {
	source := testRSA()
	bare := &rsa.PrivateKey{PublicKey: source.PublicKey, D: source.D, Primes: source.Primes} // nothing precomputed
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := jwtexp.NewSigningKey(jwtexp.RS256, bare); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// What a fixed set hands out is the caller's.
func TestKeySetIsNotShared(t *testing.T) {
	evil := must(jwtexp.NewSecretKey(jwtexp.HS256, []byte(otherSecret)))
	set := must(jwtexp.NewKeySet(testKey().WithID("k1"), testKey().WithID("k2")))
	for _, id := range []string{"", "k1"} {
		keys := must(set.VerificationKeys(t.Context(), id, epoch))
		for i := range keys {
			keys[i] = evil.WithID("k1")
		}
	}
	v := newPair(set, jwtexp.WithClock(jwtexptest.NewClock(epoch)))
	for _, header := range []string{`{"alg":"HS256","kid":"k1"}`, `{"alg":"HS256"}`} {
		_, err := v.Verify(t.Context(), sign(testSecret, header, live(``)))
		wantOutcome(t, err, "ok")
		_, err = v.Verify(t.Context(), sign(otherSecret, header, live(``)))
		wantOutcome(t, err, "invalid: signature")
	}
}

// A Key is a set of one: (nil, nil) is what it says of another ID.
func TestKeyAsKeySet(t *testing.T) {
	for _, c := range []struct {
		key, asked string
		want       int
	}{
		{"", "", 1}, {"", "k1", 1}, {"k1", "", 1}, {"k1", "k1", 1}, {"k1", "k2", 0}, {"k1", "K1", 0},
	} {
		got, err := testKey().WithID(c.key).VerificationKeys(t.Context(), c.asked, epoch)
		if len(got) != c.want || err != nil {
			t.Errorf("key %q asked for %q: got %v, %v, want %d keys", c.key, c.asked, got, err, c.want)
		}
	}
}

func TestKeyCopies(t *testing.T) {
	key := testKey()
	named := key.WithID("k1").WithNotAfter(epoch)
	if key.ID() != "" || named.ID() != "k1" || named.Algorithm() != jwtexp.HS256 {
		t.Errorf("got %q and %v, want the original without ID and its copy with k1", key.ID(), named)
	}
	if got, want := fmt.Sprintf("%v %s", named, key), `jwtexp.Key(alg=HS256 id="k1") jwtexp.Key(alg=HS256 id="")`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (jwtexp.Key{}); got.ID() != "" || got.Algorithm() != "" || got.PublicKey() != nil {
		t.Errorf("the zero Key: got %v, want nothing in it", got)
	}
}

func TestRetiredKey(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	retired := testKey().WithNotAfter(epoch.Add(time.Hour))
	v := newPair(retired, jwtexp.WithClock(clock))
	i := must(jwtexp.NewIssuer(retired, 24*time.Hour, jwtexp.WithClock(clock)))

	_, err := v.Verify(t.Context(), sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "ok")
	_, err = v.Verify(t.Context(), sign(testSecret, joseHeader, strings.TrimSuffix(live(``), "}")+`.000000001}`))
	wantOutcome(t, err, "invalid: lifetime")
	_, err = v.Verify(t.Context(), sign(testSecret, joseHeader, `{"exp":99999999999}`))
	wantOutcome(t, err, "invalid: lifetime")
	must(i.Issue(t.Context(), "alice", nil, jwtexp.WithLifetime(time.Hour)))
	if _, err := i.Issue(t.Context(), "alice", nil, jwtexp.WithLifetime(time.Hour+time.Second)); err == nil {
		t.Error("Issue beyond the key's last moment: got nil, want an error")
	}

	clock.Advance(time.Hour)
	_, err = v.Verify(t.Context(), sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "expired")
	if _, err := i.Issue(t.Context(), "alice", nil, jwtexp.WithLifetime(time.Second)); err == nil {
		t.Error("Issue with a retired key: got nil, want an error")
	}

	// The zero time is long ago, not "no limit".
	unset := keySetFunc(func(context.Context, string, time.Time) ([]jwtexp.Key, error) {
		return []jwtexp.Key{testKey().WithNotAfter(time.Time{})}, nil
	})
	_, err = newPair(unset, jwtexp.WithClock(clock)).Verify(t.Context(), sign(testSecret, joseHeader, `{"exp":0}`))
	wantOutcome(t, err, "invalid: lifetime")
}
