package jwtexp_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/jwtexp/jwtexp"
)

// keyBytes stand for the bytes of a key. No error may quote them.
var keyBytes = bytes.Repeat([]byte("\xa7\x1fKEY\x03bytes"), 4)

// foreignKey returns the DER of a key of an algorithm that Go cannot make: in SPKI, or in PKCS #8.
func foreignKey(public bool, algorithm asn1.ObjectIdentifier, parameters any) []byte {
	id := pkix.AlgorithmIdentifier{Algorithm: algorithm}
	if parameters != nil {
		id.Parameters = asn1.RawValue{FullBytes: must(asn1.Marshal(parameters))}
	}
	if public {
		return must(asn1.Marshal(struct {
			ID  pkix.AlgorithmIdentifier
			Key asn1.BitString
		}{id, asn1.BitString{Bytes: keyBytes, BitLength: 8 * len(keyBytes)}}))
	}
	return must(asn1.Marshal(struct {
		Version int
		ID      pkix.AlgorithmIdentifier
		Key     []byte
	}{0, id, keyBytes}))
}

// wantPEMError checks that ParsePEM's error is one line that has the wanted texts and no key bytes.
func wantPEMError(t *testing.T, name string, text []byte, wants ...string) {
	t.Helper()
	_, err := jwtexp.ParsePEM(jwtexp.ES256, text)
	if err == nil {
		t.Errorf("%s: got nil, want an error", name)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to have %q", name, err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") || len(err.Error()) > 1000 {
		t.Errorf("%s: got %q, want one line of at most 1,000 bytes", name, err)
	}
	secrets := [][]byte{keyBytes}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		secrets = append(secrets, block.Bytes, []byte(base64.StdEncoding.EncodeToString(block.Bytes)))
	}
	for _, secret := range secrets {
		for i := 0; i+8 <= len(secret); i += 8 {
			piece := secret[i : i+8]
			if strings.Contains(err.Error(), string(piece)) || strings.Contains(err.Error(), hex.EncodeToString(piece)) {
				t.Errorf("%s: got %q, want no key bytes in it", name, err)
			}
		}
	}
}

// A key that crypto/x509 does not read is named.
func TestParsePEMNamesForeignKeys(t *testing.T) {
	ec := asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	for _, c := range []struct {
		want       string
		algorithm  asn1.ObjectIdentifier
		parameters any
	}{
		{"an EC key on secp256k1, which is not supported", ec, asn1.ObjectIdentifier{1, 3, 132, 0, 10}},
		{"an EC key on brainpoolP256r1", ec, asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 7}},
		{"unknown algorithm or curve (1.2.840.10045.2.1, 1.3.6.1.4.1.99999.7)", ec, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 7}},
		{"openssl pkey -ec_param_enc named_curve", ec, struct {
			Version int
			Field   asn1.ObjectIdentifier
		}{1, asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}}},
		{"a key on P-256 that is damaged, or a compressed point", ec, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}},
		{"an RSASSA-PSS key", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, nil},
		{"an RSAES-OAEP key, which is for encryption", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}, nil},
		{"an RSA key that is damaged", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.NullRawValue},
		{"an Ed448 key, which is not supported", asn1.ObjectIdentifier{1, 3, 101, 113}, nil},
		{"an X448 key, which is for key agreement", asn1.ObjectIdentifier{1, 3, 101, 111}, nil},
		{"a Diffie-Hellman key", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1}, nil},
		{"a DSA key", asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, nil},
		{"an ML-DSA-65 key", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 18}, nil},
		{"unknown algorithm or curve (1.3.6.1.4.1.99999.7)", asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 7}, nil},
	} {
		for label, public := range map[string]bool{"PUBLIC KEY": true, "PRIVATE KEY": false} {
			text := pemOf(label, foreignKey(public, c.algorithm, c.parameters))
			wantPEMError(t, c.want, text, "PEM block "+label+": ", c.want, "ES256 takes an ECDSA key on P-256")
		}
	}
}

// A key that crypto/x509 reads and ES256 does not take is named, too.
func TestParsePEMNamesKeysOfOtherAlgorithms(t *testing.T) {
	spki := func(key any) []byte { return pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(key))) }
	wantPEMError(t, "P-384", spki(newECDSA(elliptic.P384()).Public()), "ES256 takes an ECDSA key on P-256, not on P-384")
	wantPEMError(t, "P-224", spki(newECDSA(elliptic.P224()).Public()), "ES256 takes an ECDSA key on P-256, not on P-224")
	wantPEMError(t, "RSA", spki(testRSA().Public()), "ES256 takes an ECDSA key on P-256, not a *rsa.PublicKey, which is for RS256")
	wantPEMError(t, "Ed25519", spki(newEd25519().Public()), "not a ed25519.PublicKey, which is for Ed25519 or EdDSA")
	x25519 := must(must(newECDSA(elliptic.P256()).ECDH()).Curve().GenerateKey(rand.Reader))
	if _, err := jwtexp.NewPublicKey(jwtexp.ES256, x25519.PublicKey()); err == nil || !strings.Contains(err.Error(), "which is for key agreement") {
		t.Errorf("an ECDH key: got %v, want an error that names key agreement", err)
	}
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, newEd25519()))
	wantPEMError(t, "a request", pemOf("CERTIFICATE REQUEST", request), "a certificate request", "openssl req -pubkey")
	wantPEMError(t, "a request as a key", pemOf("PUBLIC KEY", request), "a certificate request")
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now()}
	certificate := must(x509.CreateCertificate(rand.Reader, template, template, newEd25519().Public(), newEd25519()))
	wantPEMError(t, "a certificate as a key", pemOf("PUBLIC KEY", certificate), "write CERTIFICATE in its BEGIN and END lines")
}

// A private key in SEC 1 stands in front of its curve. No piece of it is taken for a name.
func TestParsePEMShowsNoPrivateKey(t *testing.T) {
	private := bytes.Repeat([]byte{0xaa}, 32)
	copy(private[4:], []byte{asn1.TagOID, 6, 0x2a, 3, 4, 5, 0x11, 0x22})
	for _, curve := range []asn1.ObjectIdentifier{nil, {1, 3, 36, 3, 3, 2, 8, 1, 1, 9}} {
		key := struct {
			Version int
			Key     []byte
			Curve   asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
		}{1, private, curve}
		_, err := jwtexp.ParsePEM(jwtexp.ES256, pemOf("EC PRIVATE KEY", must(asn1.Marshal(key))))
		if err == nil || strings.Contains(err.Error(), "1.2.3.4") {
			t.Errorf("got %v, want an error without key bytes", err)
		}
		if curve != nil && !strings.Contains(fmt.Sprint(err), curve.String()) {
			t.Errorf("got %v, want it to name the curve %v", err, curve)
		}
	}
	wantPEMError(t, "SLH-DSA", pemOf("PRIVATE KEY", foreignKey(false, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 20}, nil)), "2.16.840.1.101.3.4.3.20")
}

func TestParsePEMNamesBlocksAndLabels(t *testing.T) {
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(newECDSA(elliptic.P256())))
	sec1 := must(x509.MarshalECPrivateKey(newECDSA(elliptic.P256())))
	pkcs1 := x509.MarshalPKCS1PrivateKey(testRSA())
	for _, c := range []struct {
		name string
		text []byte
		want []string
	}{
		{"PKCS #8 as PKCS #1", pemOf("RSA PRIVATE KEY", pkcs8), []string{"PEM block RSA PRIVATE KEY", "write PRIVATE KEY in its BEGIN and END lines"}},
		{"SEC 1 as PKCS #8", pemOf("PRIVATE KEY", sec1), []string{"write EC PRIVATE KEY in"}},
		{"PKCS #1 as PKCS #8", pemOf("PRIVATE KEY", pkcs1), []string{"write RSA PRIVATE KEY in"}},
		{"PKCS #8 with another label", pemOf("SECRET THING", pkcs8), []string{"PEM block another label", "write PRIVATE KEY in"}},
		{"encrypted PKCS #8", pemOf("ENCRYPTED PRIVATE KEY", keyBytes), []string{"encrypted; decrypt it first: openssl pkey"}},
		{"encrypted PKCS #1", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "AES"}, Bytes: pkcs1}), []string{"encrypted; decrypt it first"}},
		{"OpenSSH", pemOf("OPENSSH PRIVATE KEY", keyBytes), []string{"an OpenSSH private key; convert a copy: ssh-keygen -p -N '' -m PKCS8 -f copy; it does not convert Ed25519"}},
		{"PKCS #7", pemOf("PKCS7", keyBytes), []string{"openssl pkcs7 -print_certs"}},
		{"OpenPGP", pemOf("PGP PUBLIC KEY BLOCK", keyBytes), []string{"an OpenPGP key"}},
		{"a list of certificates", pemOf("X509 CRL", keyBytes), []string{"it is not a key"}},
		{"parameters", pemOf("DH PARAMETERS", keyBytes), []string{"it is not a key"}},
		{"a curve alone", pemOf("EC PARAMETERS", keyBytes), []string{"only names a curve"}},
		{"cut off", pemOf("PRIVATE KEY", pkcs8[:40]), []string{"its 40 bytes are cut off or damaged"}},
		{"random bytes", pemOf("PUBLIC KEY", keyBytes), []string{"cut off or damaged"}},
		{"two keys", append(pemOf("PRIVATE KEY", pkcs8), pemOf("PUBLIC KEY", keyBytes)...), []string{"2 PEM blocks (PRIVATE KEY, PUBLIC KEY); pass the one"}},
		{"ten blocks", bytes.Repeat(pemOf("SECRET THING", keyBytes), 10), []string{"10 PEM blocks (another label, ", ", …)"}},
		{"two faults", append(pemOf("PRIVATE KEY", sec1), "-----BEGIN PUBLIC"...), []string{"write EC PRIVATE KEY in", "also text after the last PEM block"}},
	} {
		wantPEMError(t, c.name, c.text, c.want...)
	}
}

// A text that is not PEM is named, and so is what happened to PEM on its way.
func TestParsePEMNamesOtherTexts(t *testing.T) {
	der := must(x509.MarshalPKCS8PrivateKey(newECDSA(elliptic.P256())))
	good := string(pemOf("PRIVATE KEY", der))
	utf16Text := ""
	for _, unit := range utf16.Encode([]rune(good)) {
		utf16Text += string([]byte{byte(unit), byte(unit >> 8)})
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", " \n", "it is empty"},
		{"a path", "/run/secrets/jwt", "a file name; pass the contents"},
		{"a file", "key.pem\n", "a file name; pass the contents"},
		{"a URL", "https://login.example/keys", "a URL"},
		{"a variable", "${JWT_KEY}", "a variable that was not replaced"},
		{"a JWK", `{"kty":"EC","crv":"P-256"}`, "a JWK; convert it to PEM"},
		{"a JWK Set", `{"keys":[{"kty":"EC"}]}`, "a JWK Set; module jwks reads"},
		{"JSON", `{"key":1}`, "JSON; pass the PEM text in it alone"},
		{"an OpenSSH key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA alice@host", "an OpenSSH public key; convert it: ssh-keygen -e"},
		{"PuTTY", "PuTTY-User-Key-File-3: ssh-rsa\n", "a PuTTY key"},
		{"DER", string(der), "DER; convert it: openssl pkey -inform DER"},
		{"base64 of DER", base64.StdEncoding.EncodeToString(der), "base64 without its -----BEGIN and -----END lines"},
		{"base64 of PEM", base64.StdEncoding.EncodeToString([]byte(good)), "base64 of PEM text; decode it first"},
		{"a secret", testSecret, "a secret is for NewSecretKey"},
		{"UTF-16", utf16Text, "UTF-16; save it as UTF-8"},
		{"a byte order mark", "\ufeff" + good, "a byte order mark is in front"},
		{"one line with \\n", strings.ReplaceAll(good, "\n", `\n`), `line breaks are written as \n`},
		{"one line with spaces", strings.ReplaceAll(good, "\n", " "), "line breaks are lost"},
		{"one line", strings.ReplaceAll(good, "\n", ""), "line breaks are lost"},
		{"CR alone", strings.ReplaceAll(good, "\n", "\r"), "line breaks are CR alone"},
		{"in quotes", `"` + strings.TrimSpace(good) + `"`, "quotation marks are around it"},
		{"indented", "  " + strings.ReplaceAll(good, "\n", "\n  "), "white space is in front of its lines"},
		{"after a name", "KEY=" + good, "text is in front of -----BEGIN"},
		{"no END line", good[:strings.Index(good, "-----END")], "no END line"},
		{"four hyphens", strings.ReplaceAll(good, "-----", "----"), "need five hyphens"},
		{"two labels", strings.Replace(good, "END PRIVATE", "END PUBLIC", 1), "different labels"},
		{"another character", strings.Replace(good, "\nM", "\n!", 1), "is not base64"},
	} {
		wantPEMError(t, c.name, []byte(c.text), "not PEM text: ", c.want)
	}
	// Two changes are both named.
	wantPEMError(t, "quotes and \\n", []byte(`"`+strings.ReplaceAll(good, "\n", `\n`)+`"`), "quotation marks", `written as \n`)
}

// The name of an algorithm that is not supported is explained.
func TestAlgorithmNamesAreExplained(t *testing.T) {
	for name, want := range map[jwtexp.Algorithm]string{
		"hs256":    `algorithm "hs256" is HS256 in other letters`,
		"none":     "a token without a signature is never accepted",
		"ES256K":   "ES256K, which is not supported",
		"RSA-OAEP": "RSA-OAEP, which encrypts (JWE)",
		"":         "empty; want ES256",
		"magic":    `algorithm "magic" is unknown; want ES256, ES384`,
	} {
		_, err := jwtexp.NewSecretKey(name, []byte(testSecret))
		_, pemErr := jwtexp.ParsePEM(name, nil)
		for _, err := range []error{err, pemErr} {
			if !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%s: got %v, want it to have %s", name, err, want)
			}
		}
	}
}
