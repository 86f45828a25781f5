package pemtext

import "encoding/asn1"

const (
	agrees        = ", which is for key agreement and does not sign"
	isUnsupported = ", which is not supported"
	isCompressed  = " that is damaged, or a compressed point; convert it: openssl pkey -ec_conv_form uncompressed"
)

// kinds are the keys that crypto/x509 does not read, by an object identifier in them. The first that
// fits counts: curves and special uses come before the families.
var kinds = []struct {
	oid  asn1.ObjectIdentifier
	text string
}{
	{asn1.ObjectIdentifier{1, 3, 132, 0, 10}, "an EC key on secp256k1" + isUnsupported},
	{asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 7}, "an EC key on brainpoolP256r1" + isUnsupported},
	{asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 11}, "an EC key on brainpoolP384r1" + isUnsupported},
	{asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 13}, "an EC key on brainpoolP512r1" + isUnsupported},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 1}, "an EC key on P-192" + isUnsupported},
	{asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}, "an EC key on SM2" + isUnsupported},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}, "an EC key that spells its curve out; convert it: openssl pkey -ec_param_enc named_curve"},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, "a key on P-256" + isCompressed},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 34}, "a key on P-384" + isCompressed},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 35}, "a key on P-521" + isCompressed},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, "an RSASSA-PSS key, which crypto/x509 does not read; convert it: openssl rsa -traditional -in key.pem | sed s/RSA-PSS/RSA/, for a public key with -pubin -RSAPublicKey_out"},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}, "an RSAES-OAEP key, which is for encryption and does not sign"},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, "an RSA key that is damaged, or has more than two primes; openssl pkey -check says more"},
	{asn1.ObjectIdentifier{1, 3, 101, 110}, "an X25519 key" + agrees},
	{asn1.ObjectIdentifier{1, 3, 101, 111}, "an X448 key" + agrees},
	{asn1.ObjectIdentifier{1, 3, 101, 112}, "an Ed25519 key that is damaged"},
	{asn1.ObjectIdentifier{1, 3, 101, 113}, "an Ed448 key" + isUnsupported},
	{asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, "a DSA key" + isUnsupported},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1}, "a Diffie-Hellman key" + agrees},
	{asn1.ObjectIdentifier{1, 2, 840, 10046, 2, 1}, "a Diffie-Hellman key" + agrees},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 17}, "an ML-DSA-44 key" + isUnsupported},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 18}, "an ML-DSA-65 key" + isUnsupported},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 19}, "an ML-DSA-87 key" + isUnsupported},
}

const (
	decrypt    = "the private key is encrypted; decrypt it first: openssl pkey -in key.pem -out plain.pem"
	passKey    = "it is not a key; pass a private key, a public key or a certificate"
	convertSSH = "convert a copy: ssh-keygen -p -N '' -m PKCS8 -f copy; it does not convert Ed25519: make such a key with openssl genpkey -algorithm ed25519"
	request    = "a certificate request; pass the certificate, or its key: openssl req -pubkey -noout"
	makeKey    = "make one: openssl genpkey"
)

// otherLabels are the labels of blocks that hold no key in a form that is read, and what to do.
var otherLabels = map[string]string{
	"ENCRYPTED PRIVATE KEY":      decrypt,
	"OPENSSH PRIVATE KEY":        "an OpenSSH private key; " + convertSSH,
	"SSH2 PUBLIC KEY":            "an SSH public key; convert it: ssh-keygen -i -f key.pub, then ssh-keygen -e -m PKCS8",
	"SSH2 ENCRYPTED PRIVATE KEY": "an SSH private key; " + convertSSH,
	"CERTIFICATE REQUEST":        request,
	"NEW CERTIFICATE REQUEST":    request,
	"TRUSTED CERTIFICATE":        "a certificate with OpenSSL's trust settings; convert it: openssl x509",
	"ATTRIBUTE CERTIFICATE":      passKey,
	"X509 CRL":                   "a list of revoked certificates; " + passKey,
	"PKCS7":                      "a PKCS #7 file; write its certificates: openssl pkcs7 -print_certs",
	"CMS":                        "a CMS message; " + passKey,
	"DH PARAMETERS":              "parameters; " + passKey,
	"X9.42 DH PARAMETERS":        "parameters; " + passKey,
	"DSA PARAMETERS":             "parameters; " + passKey,
	"DSA PRIVATE KEY":            "a DSA key, which is not supported; " + makeKey,
	"PGP PRIVATE KEY BLOCK":      "an OpenPGP key, which is not supported; " + makeKey,
	"PGP PUBLIC KEY BLOCK":       "an OpenPGP key, which is not supported; " + makeKey,
	"PGP MESSAGE":                "an OpenPGP message; " + passKey,
	"TSS2 PRIVATE KEY":           "a key in a TPM; pass a crypto.Signer for it to NewSigningKey",
}
