// Package pemtext says why a text is not PEM with one key. It knows what people pass by mistake:
// other files, damaged text, and keys that crypto/x509 does not read.
//
// It names labels, algorithms and curves, and never quotes the text. It only runs after a failure.
package pemtext

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"
)

// curveLabel is the label of the block that openssl ecparam -genkey writes in front of the key.
const curveLabel = "EC PARAMETERS"

// Blocks returns the PEM blocks of text except those that only name a curve, and the text after
// the last one.
func Blocks(text []byte) (blocks []*pem.Block, rest []byte) {
	block, rest := pem.Decode(text)
	for ; block != nil; block, rest = pem.Decode(rest) {
		if block.Type != curveLabel {
			blocks = append(blocks, block)
		}
	}
	return blocks, bytes.TrimSpace(rest)
}

// Parse returns the key in a block: a private key, a public key or the public key of a certificate,
// whose dates are ignored. The error of crypto/x509 may quote key bytes: use Faults instead.
func Parse(block *pem.Block) (key any, ok bool) {
	for _, f := range forms {
		if f.label == block.Type && !isEncrypted(block) {
			key, err := f.parse(block.Bytes)
			return key, err == nil && key != nil
		}
	}
	return nil, false
}

// A form is a structure that holds a key.
type form struct {
	label string
	parse func(der []byte) (any, error)
}

var forms = []form{
	{"PRIVATE KEY", x509.ParsePKCS8PrivateKey},
	{"RSA PRIVATE KEY", func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) }},
	{"EC PRIVATE KEY", func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) }},
	{"PUBLIC KEY", x509.ParsePKIXPublicKey},
	{"RSA PUBLIC KEY", func(der []byte) (any, error) { return x509.ParsePKCS1PublicKey(der) }},
	{"CERTIFICATE", func(der []byte) (any, error) {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		return certificate.PublicKey, nil // nil for an unknown algorithm
	}},
}

// Faults says why text is not PEM with one key.
func Faults(text []byte) []string {
	blocks, rest := Blocks(text)
	var found []string
	switch len(blocks) {
	case 0:
		return textFaults(string(text))
	case 1:
		if fault := blockFault(blocks[0]); fault != "" {
			found = append(found, fault)
		}
	default:
		found = append(found, severalBlocks(blocks))
	}
	if len(rest) > 0 {
		found = append(found, "text after the last PEM block; remove it, or copy the file again")
	}
	return found
}

func severalBlocks(blocks []*pem.Block) string {
	const maxNamed = 8
	var names []string
	for _, block := range blocks[:min(len(blocks), maxNamed)] {
		names = append(names, shown(block.Type))
	}
	text := fmt.Sprintf("%d PEM blocks (%s", len(blocks), strings.Join(names, ", "))
	if len(blocks) > maxNamed {
		text += ", …"
	}
	return text + "); pass the one key or certificate"
}

// shown returns a label for an error. The label of an unknown block could be any text.
func shown(label string) string {
	if _, known := otherLabels[label]; known {
		return label
	}
	for _, f := range forms {
		if f.label == label {
			return label
		}
	}
	return "another label"
}

// isEncrypted reports whether a block is encrypted by the means of PEM (RFC 1421 §4.6.1.3).
func isEncrypted(block *pem.Block) bool { return block.Headers["DEK-Info"] != "" }

// blockFault says why a block holds no key that crypto/x509 reads, or returns "".
func blockFault(block *pem.Block) string {
	if _, ok := Parse(block); ok {
		return ""
	}
	name := "PEM block " + shown(block.Type) + ": "
	if isEncrypted(block) {
		return name + decrypt
	}
	if advice, known := otherLabels[block.Type]; known {
		return name + advice
	}
	for _, f := range forms {
		if key, err := f.parse(block.Bytes); err == nil && key != nil {
			return name + "it holds another kind of key; write " + f.label + " in its BEGIN and END lines"
		}
	}
	if _, err := x509.ParseCertificateRequest(block.Bytes); err == nil {
		return name + request
	}
	return name + derFault(block.Bytes)
}

// derFault says what DER is that crypto/x509 does not read.
func derFault(der []byte) string {
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(der, &outer); err != nil || outer.Tag != asn1.TagSequence {
		return fmt.Sprintf("its %d bytes are cut off or damaged; copy the whole file again", len(der))
	}
	algorithm := algorithmOf(der)
	for _, kind := range kinds {
		if encoded, err := asn1.Marshal(kind.oid); err == nil && bytes.Contains(algorithm, encoded) {
			return kind.text
		}
	}
	if oids := identifiers(algorithm); len(oids) > 0 {
		return "a key of an unknown algorithm or curve (" + strings.Join(oids, ", ") + ")"
	}
	return "a key that is damaged, or that does not name its algorithm or curve"
}

// algorithmOf returns the part of DER that names the algorithm of a key and its curve. It has no key
// bytes: errors name what is in it.
func algorithmOf(der []byte) []byte {
	if certificate, err := x509.ParseCertificate(der); err == nil {
		der = certificate.RawSubjectPublicKeyInfo
	}
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	var pkcs8 struct {
		Version   int
		Algorithm asn1.RawValue
		Key       []byte
	}
	var sec1 struct {
		Version int
		Key     []byte
		Curve   asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	is := func(v any) bool { _, err := asn1.Unmarshal(der, v); return err == nil }
	switch {
	case is(&spki) && spki.Algorithm.Tag == asn1.TagSequence:
		return spki.Algorithm.FullBytes
	case is(&pkcs8) && pkcs8.Algorithm.Tag == asn1.TagSequence:
		return pkcs8.Algorithm.FullBytes
	case is(&sec1):
		return sec1.Curve.FullBytes
	}
	return nil
}

// identifiers returns the object identifiers in the name of an algorithm.
func identifiers(algorithm []byte) (oids []string) {
	for i := 0; i < len(algorithm); i++ {
		var oid asn1.ObjectIdentifier
		if algorithm[i] != asn1.TagOID {
			continue
		}
		if rest, err := asn1.Unmarshal(algorithm[i:], &oid); err == nil && len(oid) > 2 && len(oid) < 16 {
			oids = append(oids, oid.String())
			i = len(algorithm) - len(rest) - 1
		}
	}
	return oids
}
