package jwtexp_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/jwtexp/jwtexp"
)

// publicForms returns public keys and certificates in the forms in which they are published.
func publicForms() map[string][]byte {
	ec, ed := newECDSA(elliptic.P256()), newEd25519()
	spki := func(public crypto.PublicKey) []byte { return must(x509.MarshalPKIXPublicKey(public)) }
	b64 := base64.RawURLEncoding.EncodeToString
	point := must(ec.PublicKey.Bytes())
	ecJWK := fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":%q,"y":%q}`, b64(point[1:33]), b64(point[33:]))
	edJWK := fmt.Sprintf(`{"kid":"1", "kty" : "OKP","crv":"Ed25519","x":%q}`, b64(ed.Public().(ed25519.PublicKey)))
	rsaJWK := fmt.Sprintf(`{"use":"sig","n":%q,"e":"AQAB","kty":"RSA"}`, b64(testRSA().N.Bytes()))
	x5c := base64.StdEncoding.EncodeToString(certificate(ed))
	return map[string][]byte{
		"RSA SPKI":            spki(&testRSA().PublicKey),
		"RSA PKCS #1":         x509.MarshalPKCS1PublicKey(&testRSA().PublicKey),
		"ECDSA SPKI":          spki(&ec.PublicKey),
		"Ed25519 SPKI":        spki(ed.Public()),
		"certificate":         certificate(ed),
		"PEM":                 pemOf("PUBLIC KEY", spki(&ec.PublicKey)),
		"PEM of PKCS #1":      pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&testRSA().PublicKey)),
		"PEM of certificate":  pemOf("CERTIFICATE", certificate(ed)),
		"PEM, broken":         []byte("-----BEGIN PUBLIC KEY-----\nand no more of it"),
		"EC point":            point,
		"EC point of P-521":   must(newECDSA(elliptic.P521()).PublicKey.Bytes()),
		"EC point, hybrid":    append([]byte{6 | point[64]&1}, point[1:]...),
		"EC x and y":          point[1:],
		"two keys":            slices.Concat(spki(&ec.PublicKey), spki(ed.Public())),
		"PEM, another label":  []byte("-----BEGIN X9.42 DH PARAMETERS-----\nMIIC\n-----END X9.42 DH PARAMETERS-----\n"),
		"PEM in Latin-1":      append([]byte("subject=CN = M\xfcller\n"), pemOf("PUBLIC KEY", spki(&ec.PublicKey))...),
		"OpenSSH in Latin-1":  bytes.Replace(openSSH("ssh-ed25519", ed.Public().(ed25519.PublicKey)), []byte("ü"), []byte{0xfc}, 1),
		"PEM, lower case":     []byte("-----begin public key-----\nand no more of it"),
		"PEM in a URL":        []byte(url.QueryEscape(string(pemOf("PUBLIC KEY", spki(&ec.PublicKey))))),
		"EC JWK":              []byte(ecJWK),
		"Ed25519 JWK":         []byte(edJWK),
		"RSA JWK":             []byte(rsaJWK),
		"JWK Set":             []byte(`{"keys":[` + ecJWK + `,` + rsaJWK + `]}`),
		"JWK Set of one, odd": []byte("\n{\n  \"keys\" : [\n" + edJWK + "\n] }\n"),
		"JWKs in a list":      []byte(`[` + edJWK + `]`),
		"JWK in a document":   []byte(`{"issuer":"https://login.example","jwks":{"keys":[` + edJWK + `]}}`),
		"JWK in a string":     must(json.Marshal(edJWK)),
		"JWK after a name":    []byte("JWT_KEY=" + edJWK),
		"JWK and a comma":     []byte(edJWK + ",\n"),
		"two JWKs":            []byte(edJWK + "\n" + rsaJWK),
		"OpenSSH RSA":         openSSH("ssh-rsa", []byte{1, 0, 1}, testRSA().N.Bytes()),
		"OpenSSH Ed25519":     openSSH("ssh-ed25519", ed.Public().(ed25519.PublicKey)),
		"OpenSSH ECDSA":       openSSH("ecdsa-sha2-nistp256", []byte("nistp256"), point),
		"OpenSSH of a token":  openSSH("sk-ssh-ed25519@openssh.com", ed.Public().(ed25519.PublicKey), []byte("ssh:")),
		"authorized_keys":     append([]byte(`no-pty,command="echo hi" `), openSSH("ssh-ed25519", ed.Public().(ed25519.PublicKey))...),
		"RFC 4716":            []byte("---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2EAAAADAQAB\n---- END SSH2 PUBLIC KEY ----\n"),
		"x5c":                 []byte(`{"x5c":["` + x5c + `"]}`),
		"x5c from PHP":        []byte(`{"x5c":["` + strings.ReplaceAll(x5c, "/", `\/`) + `"]}`),
	}
}

// openSSH returns a public key as ssh-keygen writes it, with the fields of RFC 4253 §6.6.
func openSSH(name string, fields ...[]byte) []byte {
	var wire []byte
	add := func(b []byte) { wire = append(binary.BigEndian.AppendUint32(wire, uint32(len(b))), b...) }
	add([]byte(name))
	for _, field := range fields {
		add(field)
	}
	return []byte(name + " " + base64.StdEncoding.EncodeToString(wire) + " jürgen@host\n")
}

// spellings returns encodings that a secret may have in a variable or a file.
func spellings() map[string]func([]byte) []byte {
	text := func(encode func([]byte) string) func([]byte) []byte {
		return func(b []byte) []byte { return []byte(encode(b)) }
	}
	std := base64.StdEncoding.EncodeToString
	lines := func(s string) string {
		var out strings.Builder
		for len(s) > 64 {
			out.WriteString(s[:64] + "\n")
			s = s[64:]
		}
		return out.String() + s + "\n"
	}
	return map[string]func([]byte) []byte{
		"unchanged":              func(b []byte) []byte { return b },
		"and a line break":       func(b []byte) []byte { return append(bytes.Clone(b), '\n') },
		"base64":                 text(std),
		"base64 without padding": text(base64.RawStdEncoding.EncodeToString),
		"base64 in lines":        text(func(b []byte) string { return lines(std(b)) }),
		"base64 with CRLF":       text(func(b []byte) string { return strings.ReplaceAll(lines(std(b)), "\n", "\r\n") }),
		`base64 with \n`:         text(func(b []byte) string { return strings.ReplaceAll(lines(std(b)), "\n", `\n`) }),
		"base64 in quotes":       text(func(b []byte) string { return `"` + std(b) + "\"\n" }),
		"base64 after a prefix":  text(func(b []byte) string { return "base64:" + std(b) }),
		"base64 after a name":    text(func(b []byte) string { return "JWT_SECRET=" + lines(std(b)) }),
		"base64 after a comment": text(func(b []byte) string { return "# key\n" + lines(std(b)) }),
		"base64 in YAML":         text(func(b []byte) string { return "key: |-\n  " + strings.ReplaceAll(lines(std(b)), "\n", "\n  ") }),
		"base64 before PEM END":  text(func(b []byte) string { return lines(std(b)) + "-----END PUBLIC KEY-----\n" }),
		"base64url":              text(base64.RawURLEncoding.EncodeToString),
		"base64url with padding": text(base64.URLEncoding.EncodeToString),
		"base64 of base64":       text(func(b []byte) string { return std([]byte(lines(std(b)))) }),
		"hex":                    text(hex.EncodeToString),
		"HEX":                    text(func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }),
		"hex with 0x":            text(func(b []byte) string { return "0x" + hex.EncodeToString(b) }),
		"hex with colons":        text(func(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ":") }),
		"hex with 0X":            text(func(b []byte) string { return "0X" + strings.ToUpper(hex.EncodeToString(b)) }),
		"hex after a name":       text(func(b []byte) string { return "JWT_SECRET=0x" + hex.EncodeToString(b) + "\n" }),
		"hex from OpenSSL":       text(func(b []byte) string { return "pub:\n    " + strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ":") }),
		"hex with dashes":        text(func(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% x", b), " ", "-") }),
		"hex with spaces":        text(func(b []byte) string { return fmt.Sprintf("% x\n", b) }),
		"hex as a C array":       text(func(b []byte) string { return "0x" + strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ", 0x") }),
		`hex as \x`:              text(func(b []byte) string { return `\x` + strings.ReplaceAll(fmt.Sprintf("% x", b), " ", `\x`) }),
		"hex of base64":          text(func(b []byte) string { return hex.EncodeToString([]byte(std(b))) }),
		"base64 in UTF-16 LE":    func(b []byte) []byte { return inUTF16(binary.LittleEndian, std(b)) },
		"base64 in UTF-16 BE":    func(b []byte) []byte { return inUTF16(binary.BigEndian, "\uFEFF"+std(b)) },
		"base64 in UTF-16, twice": func(b []byte) []byte {
			return inUTF16(binary.LittleEndian, string(inUTF16(binary.LittleEndian, std(b))))
		},
		"base64 in UTF-16 and LF": func(b []byte) []byte { return append(inUTF16(binary.LittleEndian, std(b)), '\n') },
		"base64 with a BOM":       func(b []byte) []byte { return []byte("\uFEFF" + std(b)) },
		"base64 of UTF-16 base64": func(b []byte) []byte { return []byte(std(inUTF16(binary.LittleEndian, "\uFEFF"+std(b)))) },
	}
}

func inUTF16(order binary.AppendByteOrder, text string) (encoded []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = order.AppendUint16(encoded, unit)
	}
	return encoded
}

func TestPublicKeyIsRejectedAsSecret(t *testing.T) {
	forms := publicForms()
	for form, public := range forms {
		for spelling, spell := range spellings() {
			if secret := spell(public); !isRejected(secret) {
				t.Errorf("%s, %s, %.80q: got nil, want an error", form, spelling, secret)
			}
		}
	}
	for form, secret := range forms {
		for range 4 {
			secret = []byte(base64.StdEncoding.EncodeToString(secret))
		}
		if form != "x5c" && form != "x5c from PHP" && form != "JWK in a string" && !isRejected(secret) { // these are encoded once more
			t.Errorf("%s, base64 four times, %.80q: got nil, want an error", form, secret)
		}
	}
	for _, form := range []string{"PEM", "EC JWK", "JWK Set", "OpenSSH RSA", "authorized_keys"} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			for _, mark := range []string{"", "\uFEFF"} {
				if !isRejected(inUTF16(order, mark+string(forms[form]))) {
					t.Errorf("%s in UTF-16 (%v, BOM %q): got nil, want an error", form, order, mark)
				}
			}
		}
	}
}

func isRejected(secret []byte) bool {
	_, err := jwtexp.NewSecretKey(jwtexp.HS256, secret)
	return err != nil
}

func TestKnownSecretIsRejected(t *testing.T) {
	repeat := func(s string, n int) []byte { return []byte(strings.Repeat(s, n)) }
	for name, tt := range map[string]struct {
		secret []byte
		want   string
	}{
		"32 zero bytes":                {make([]byte, 32), "one byte repeated"},
		"64 zero bytes":                {make([]byte, 64), "one byte repeated"},
		"zero bytes and a line break":  {append(make([]byte, 32), '\n'), "one byte repeated"},
		"one letter":                   {repeat("a", 32), "one byte repeated"},
		"one letter and a line break":  {append(repeat("a", 40), "\r\n"...), "one byte repeated"},
		"line breaks":                  {repeat("\n", 32), "one byte repeated"},
		"0xff":                         {repeat("\xff", 33), "one byte repeated"},
		"zero bytes in hex":            {[]byte(hex.EncodeToString(make([]byte, 32))), "one byte repeated"},
		"zero bytes in base64":         {[]byte(base64.StdEncoding.EncodeToString(make([]byte, 32))), "one byte repeated"},
		"jwt.io's for HS256":           {[]byte("a-string-secret-at-least-256-bits-long"), "sample secret"},
		"jwt.io's for HS384":           {[]byte("a-valid-string-secret-that-is-at-least-384-bits-long\n"), "sample secret"},
		"jwt.io's for HS512":           {[]byte("a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long"), "sample secret"},
		"jwt.io's earlier one, in hex": {[]byte(hex.EncodeToString([]byte("your-256-bit-secret"))), "sample secret"},
		"jwt.io's, in base64":          {[]byte(base64.StdEncoding.EncodeToString([]byte("a-string-secret-at-least-256-bits-long"))), "sample secret"},
		"jwt.io's, in quotes":          {[]byte(`"a-string-secret-at-least-256-bits-long"`), "sample secret"},
		"jwt.io's, as a C string":      {[]byte("a-string-secret-at-least-256-bits-long\x00"), "sample secret"},
		"a symmetric JWK":              {[]byte(`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}`), "a JWK"},
		"PEM of a private key":         {pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(newEd25519()))), "PEM"},
		"base64 of PEM":                {[]byte(base64.StdEncoding.EncodeToString(pemOf("PUBLIC KEY", []byte("x")))), "PEM"},
	} {
		_, err := jwtexp.NewSecretKey(jwtexp.HS256, tt.secret)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "pass ") {
			t.Errorf("%s: got %v, want an error that contains %q and says what to pass", name, err, tt.want)
		}
	}
}

// Random bytes are accepted in every encoding. So are test vectors and phrases.
func TestGoodSecretIsAccepted(t *testing.T) {
	good := map[string][]byte{
		// RFC 7515 A.1.
		"RFC 7515's":        must(base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")),
		"RFC 7515's text":   []byte("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
		"a short period":    []byte(strings.Repeat("ab", 16)),
		"a longer period":   []byte(strings.Repeat("0123456789abcdef", 4)),
		"a phrase":          []byte("correct horse battery staple, AAAA bbbb 0000 and so on"),
		"32 bytes in order": []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"),
		"a dashed phrase":   []byte("-----BEGINNING of a phrase that is hard to guess-----"),
		"JSON":              []byte(`{"secret":"pdkq8D2vTn0q6m1Zb3lq4t3m5rXq2w1s9Yz0"}`),
		"a private scalar":  must(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).Bytes()),
	}
	for name, secret := range good {
		if _, err := jwtexp.NewSecretKey(jwtexp.HS256, secret); err != nil {
			t.Errorf("%s: got %v, want nil", name, err)
		}
	}
	for range 10 {
		for _, size := range []int{32, 48, 64, 65, 97, 133} {
			random := make([]byte, size)
			rand.Read(random)
			if size%32 == 1 || size == 133 {
				random[0] = 4 // the first byte of an uncompressed point
			}
			for spelling, spell := range spellings() {
				if secret := spell(random); isRejected(secret) {
					t.Errorf("%s of %d random bytes, %q: got an error, want nil", spelling, size, secret)
				}
			}
		}
	}
}

// An HMAC secret must be at least as long as the hash (RFC 7518 §3.2).
func TestSmallestSecret(t *testing.T) {
	for alg, smallest := range map[jwtexp.Algorithm]int{jwtexp.HS256: 32, jwtexp.HS384: 48, jwtexp.HS512: 64} {
		for _, size := range []int{smallest - 1, smallest, smallest + 1} {
			_, err := jwtexp.NewSecretKey(alg, bytes.Repeat([]byte("secret! "), 9)[:size])
			if accepted := err == nil; accepted != (size >= smallest) {
				t.Errorf("%s, %d bytes: got %v, want success: %t", alg, size, err, size >= smallest)
			}
		}
	}
}
