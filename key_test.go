package jwtexp_test

//lint:file-ignore SA1019 the tests set the fields of keys, as applications can

import (
	"bytes"
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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// testRSA and smallRSA return RSA keys that the tests share, because generating one is slow.
var (
	testRSA  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	smallRSA = sync.OnceValue(newSmallRSA)
)

// newSmallRSA makes a key of 1024 bits by hand, because crypto/rsa does not with
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

// publicKeyAlgorithms returns a private key for each algorithm except HMAC.
func publicKeyAlgorithms() map[jwtexp.Algorithm]crypto.Signer {
	return map[jwtexp.Algorithm]crypto.Signer{
		jwtexp.RS256: testRSA(), jwtexp.RS384: testRSA(), jwtexp.RS512: testRSA(),
		jwtexp.PS256: testRSA(), jwtexp.PS384: testRSA(), jwtexp.PS512: testRSA(),
		jwtexp.ES256: newECDSA(elliptic.P256()), jwtexp.ES384: newECDSA(elliptic.P384()), jwtexp.ES512: newECDSA(elliptic.P521()),
		jwtexp.EdDSA: newEd25519(), jwtexp.Ed25519: newEd25519(),
	}
}

// remoteSigner is a crypto.Signer like the one of a KMS: it is not a key of the standard library.
// It fails with err if that is not nil.
type remoteSigner struct {
	key crypto.Signer
	err error
}

func (s remoteSigner) Public() crypto.PublicKey { return s.key.Public() }

func (s remoteSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.key.Sign(rand, digest, opts)
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
				t.Errorf("%s token, %s key: got %s, want %s", alg, other, got, want)
			}
		}
		changed := []byte(token)
		if at := len(token) - 10; changed[at] == 'A' {
			changed[at] = 'B'
		} else {
			changed[at] = 'A'
		}
		_, err := newPair(key).Verify(t.Context(), string(changed))
		if got := outcome(err); got != "invalid: signature" {
			t.Errorf("%s with a changed signature: got %s, want invalid: signature", alg, got)
		}
	}
}

func TestRemoteSigner(t *testing.T) {
	for alg, private := range publicKeyAlgorithms() {
		t.Run(string(alg), func(t *testing.T) {
			key := must(jwtexp.NewSigningKey(alg, remoteSigner{key: private}))
			token := must(must(jwtexp.NewIssuer(key, time.Hour)).Issue(t.Context(), "alice", nil))
			local := must(jwtexp.NewPublicKey(alg, private.Public()))
			_, err := newPair(local).Verify(t.Context(), token.Raw())
			wantOutcome(t, err, "ok")

			down := errors.New("down")
			key = must(jwtexp.NewSigningKey(alg, remoteSigner{private, down}))
			_, err = must(jwtexp.NewIssuer(key, time.Hour)).Issue(t.Context(), "alice", nil)
			wantOutcome(t, err, "unavailable")
			if !errors.Is(err, down) {
				t.Errorf("got %v, want it to match the signer's error", err)
			}
		})
	}
}

// fixedSigner returns the same signature for every token.
type fixedSigner struct {
	remoteSigner
	signature []byte
}

func (s fixedSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return s.signature, nil
}

func TestSignerWithWrongSignature(t *testing.T) {
	for name, signature := range map[string][]byte{
		"nothing":       nil,
		"zeros":         make([]byte, 64),
		"not ASN.1":     []byte("signature"),
		"zero r and s":  {0x30, 6, 2, 1, 0, 2, 1, 0},
		"negative":      {0x30, 6, 2, 1, 0xff, 2, 1, 1},
		"trailing data": {0x30, 6, 2, 1, 1, 2, 1, 1, 0},
		"too long":      append([]byte{0x30, 38, 2, 33, 1}, append(make([]byte, 32), 2, 1, 1)...),
		"of no key":     {0x30, 6, 2, 1, 1, 2, 1, 1},
	} {
		for alg, private := range publicKeyAlgorithms() {
			key := must(jwtexp.NewSigningKey(alg, fixedSigner{remoteSigner{key: private}, signature}))
			token, err := must(jwtexp.NewIssuer(key, time.Hour)).Issue(t.Context(), "alice", nil)
			if token != nil || err == nil {
				t.Errorf("%s, %s: got %v, %v, want an error", alg, name, token, err)
			}
			if got := verdicts(err); got != nil {
				t.Errorf("%s, %s: got an error that matches %q, want no verdict: %v", alg, name, got, err)
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
	beyond32 := int64(1)<<33 + 1 // an int of 32 bits makes it 1, an invalid exponent, too
	shortEd := ed[:10]
	// An SPKI of secp256k1, a curve that Go does not support.
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
		"PEM after white space":          secretKey(jwtexp.HS512, append([]byte(" \n"), pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&testRSA().PublicKey))...)),
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
		"signer without a public key":    signing(jwtexp.RS256, publicOnlySigner{}),
		"signer with a nil public key":   signing(jwtexp.RS256, publicOnlySigner{(*rsa.PublicKey)(nil)}),
		"signer of another kind":         signing(jwtexp.RS256, remoteSigner{key: p256}),
	} {
		t.Run(name, func(t *testing.T) {
			if key, err := make(); err == nil || key != (jwtexp.Key{}) {
				t.Errorf("got %v, %v, want the zero Key and an error", key, err)
			}
		})
	}
}

// publicOnlySigner is a crypto.Signer that has a public key and cannot sign.
type publicOnlySigner struct{ public crypto.PublicKey }

func (s publicOnlySigner) Public() crypto.PublicKey { return s.public }
func (publicOnlySigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no private key")
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
		{name: "SEC 1 after parameters", alg: jwtexp.ES256, text: append(pemOf("EC PARAMETERS", []byte{6, 0}), pemOf("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ec)))...), canSign: true},
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
		{name: "a byte after the key", alg: jwtexp.ES256, text: pemOf("PUBLIC KEY", append(must(x509.MarshalPKIXPublicKey(&ec.PublicKey)), 0)), wantFail: true},
		{name: "broken certificate", alg: jwtexp.ES256, text: pemOf("CERTIFICATE", []byte("broken")), wantFail: true},
		{name: "encrypted PKCS #8", alg: jwtexp.ES256, text: pemOf("ENCRYPTED PRIVATE KEY", []byte("x")), wantFail: true},
		{name: "encrypted SEC 1", alg: jwtexp.ES256, text: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES-256-CBC,00"}}), wantFail: true},
		{name: "certificate request", alg: jwtexp.ES256, text: pemOf("CERTIFICATE REQUEST", []byte("x")), wantFail: true},
		{name: "X25519, which cannot sign", alg: jwtexp.EdDSA, text: pemOf("PUBLIC KEY", []byte{0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0, 31: 1, 43: 0}), wantFail: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, err := jwtexp.ParsePEM(c.alg, c.text)
			if failed := err != nil; failed != c.wantFail {
				t.Fatalf("got error %v, want an error: %t", err, c.wantFail)
			}
			if c.wantFail {
				return
			}
			if key.PublicKey() == nil || key.Algorithm() != c.alg {
				t.Errorf("got %v, want a %s key with a public key", key, c.alg)
			}
			if _, err := jwtexp.NewIssuer(key, time.Hour); (err == nil) != c.canSign {
				t.Errorf("NewIssuer: got %v, want success: %t", err, c.canSign)
			}
		})
	}
}

// A Key is a KeySet with one key. For another ID it returns no key and no error.
func TestKeyAsKeySet(t *testing.T) {
	for _, c := range []struct {
		id, requested string
		want          int
	}{
		{"", "", 1}, {"", "k1", 1}, {"k1", "", 1}, {"k1", "k1", 1}, {"k1", "k2", 0}, {"k1", "K1", 0},
	} {
		got, err := testKey().WithID(c.id).VerificationKeys(t.Context(), c.requested, epoch)
		if len(got) != c.want || err != nil {
			t.Errorf("VerificationKeys(%q) of a Key with ID %q: got %v, %v, want %d keys", c.requested, c.id, got, err, c.want)
		}
	}
}

func TestKeyCopies(t *testing.T) {
	key := testKey()
	named := key.WithID("k1").WithNotAfter(epoch)
	if key.ID() != "" || named.ID() != "k1" || named.Algorithm() != jwtexp.HS256 {
		t.Errorf("got %v and %v, want the original without ID and a copy with ID k1", key, named)
	}
	if got, want := fmt.Sprintf("%v %s", named, key), `jwtexp.Key(alg=HS256 id="k1") jwtexp.Key(alg=HS256 id="")`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (jwtexp.Key{}); got.ID() != "" || got.Algorithm() != "" || got.PublicKey() != nil {
		t.Errorf("zero Key: got %v, want no ID, algorithm or public key", got)
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
		t.Error("Issue with exp after the key's limit: got nil, want an error")
	}

	clock.Advance(time.Hour)
	_, err = v.Verify(t.Context(), sign(testSecret, joseHeader, live(``)))
	wantOutcome(t, err, "expired")
	if _, err := i.Issue(t.Context(), "alice", nil, jwtexp.WithLifetime(time.Second)); err == nil {
		t.Error("Issue with a retired key: got nil, want an error")
	}

	// The zero time is a limit in the past, and does not mean "no limit".
	past := stubKeys(nil, testKey().WithNotAfter(time.Time{}))
	_, err = newPair(past, jwtexp.WithClock(clock)).Verify(t.Context(), sign(testSecret, joseHeader, `{"exp":0}`))
	wantOutcome(t, err, "invalid: lifetime")
}
