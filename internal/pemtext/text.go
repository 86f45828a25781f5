package pemtext

import (
	"encoding/pem"
	"regexp"
	"strings"
	"unicode/utf8"
)

// textFaults says what a text without a PEM block of a key is.
func textFaults(text string) []string {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return []string{"PEM block " + curveLabel + ": it only names a curve; pass the EC PRIVATE KEY block that follows it"}
	}
	kinds := otherTexts
	if strings.Contains(text, "BEGIN ") {
		kinds = damagedTexts
	}
	var found []string
	for _, kind := range kinds {
		if kind.fits(text) {
			found = append(found, "not PEM text: "+kind.text)
		}
	}
	if len(found) > 0 {
		return found
	}
	return []string{"not PEM text: want the contents of a key file, from -----BEGIN to -----END; a secret is for NewSecretKey"}
}

// A kindOfText is a text that is passed instead of PEM.
type kindOfText struct {
	text string
	fits func(text string) bool
}

func has(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

// damagedTexts are PEM that was changed on its way.
var damagedTexts = []kindOfText{
	{"a byte order mark is in front; save the text without it", func(text string) bool { return strings.HasPrefix(text, "\ufeff") }},
	{`line breaks are written as \n; replace the two characters by a line break`, has(`\\n`)},
	{"line breaks are lost; keep them, for example by quotes around a variable of the shell", has(`-----BEGIN [^\n\r\\]*-----[ \t]*[A-Za-z0-9+/]`)},
	{"line breaks are CR alone; replace them by LF", func(text string) bool {
		return strings.Contains(text, "\r") && !strings.Contains(text, "\n")
	}},
	{"quotation marks are around it; remove them", has("^\\s*[\"'`“‘]|[\"'`”’],?\\s*$")},
	{"white space is in front of its lines; remove it", has(`(?m)^[ \t>#]+-----(BEGIN|END)`)},
	{"text is in front of -----BEGIN in its line; remove it", has(`(?m)^[^\s"'>#-][^\n]*-----BEGIN `)},
	{"BEGIN and END lines need five hyphens on both sides", func(text string) bool {
		return !has(`-----BEGIN [A-Z0-9 ]+-----`)(text) || has(`[^-]-{1,4}END |END [A-Z0-9 ]+-{0,4}([^-A-Z0-9 ]|$)`)(text)
	}},
	{"it has no END line; copy the whole file", func(text string) bool { return !strings.Contains(text, "END ") }},
	{"its BEGIN and END lines have different labels", func(text string) bool {
		begin, end := group(`BEGIN ([A-Z0-9 ]+)-`, text), group(`END ([A-Z0-9 ]+)-`, text)
		return begin != "" && end != "" && begin != end
	}},
	{"the text between BEGIN and END is not base64; copy the file again", has(`(?s)-----BEGIN [^-]+-----[^-]*[^A-Za-z0-9+/=\s:,\\-][^-]*-----END`)},
}

// group returns what the first group of a pattern matches, or "".
func group(pattern, text string) string {
	if match := regexp.MustCompile(pattern).FindStringSubmatch(text); match != nil {
		return match[1]
	}
	return ""
}

// otherTexts are texts without a BEGIN line.
var otherTexts = []kindOfText{
	{"it is empty; is a file or an environment variable empty?", func(text string) bool { return strings.TrimSpace(text) == "" }},
	{"a file name; pass the contents of the file, which os.ReadFile returns", has(`^\s*(file:)?[\w.~/\\:-]+\.(pem|key|pub|crt|cer|der|p8|p12|pfx|jks|json|txt)\s*$|^\s*(\.{0,2}|~)/[\w./-]+\s*$`)},
	{"a JWK Set; module jwks reads JWK Sets over HTTP", has(`(?s)^\s*\{.*"keys"\s*:`)},
	{"a JWK; convert it to PEM", func(text string) bool { return has(`(?s)^\s*\{.*"kty"\s*:`)(text) && !has(`"keys"\s*:`)(text) }},
	{"JSON; pass the PEM text in it alone", func(text string) bool { return has(`^\s*[\{\[]`)(text) && !has(`"(kty|keys)"\s*:`)(text) }},
	{"an OpenSSH public key; convert it: ssh-keygen -e -m PKCS8 -f key.pub; it does not convert Ed25519, which golang.org/x/crypto/ssh reads", has(`^\s*(ssh-|ecdsa-sha2-|sk-)`)},
	{"a PuTTY key; convert it: puttygen key.ppk -O private-openssh, then ssh-keygen -p -m PKCS8", has(`^PuTTY-User-Key-File`)},
	{"a variable that was not replaced", has(`^\s*(\$|\{\{)`)},
	{"a URL; fetch the key first; module jwks reads JWK Sets over HTTP", has(`^\s*https?://`)},
	{"UTF-16; save it as UTF-8", func(text string) bool {
		return strings.Contains(text, "-\x00-\x00") || strings.Contains(text, "\x00-\x00-")
	}},
	{"DER; convert it: openssl pkey -inform DER, with -pubin for a public key, or openssl x509 -inform DER", func(text string) bool {
		return strings.HasPrefix(text, "0") && !utf8.ValidString(text) // 0x30 begins a sequence
	}},
	{"base64 of PEM text; decode it first", has(`^\s*LS0tLS1CRUdJTi`)},
	{"base64 without its -----BEGIN and -----END lines; add them", has(`^\s*(MI|MC|MF|MG|MH|MD|Mi|MA)[A-Za-z0-9+/_\s-]{30,}=*\s*$`)},
}
