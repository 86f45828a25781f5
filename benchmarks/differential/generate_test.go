package differential_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// now is the time at which the libraries verify all tokens.
const now = 1_800_000_000

// A token records how it was made, so that differences can be grouped.
type token struct {
	raw             string
	header, payload string   // as signed
	oddities        []string // how it differs from a plain valid token
}

// A choice is one way to write a member.
type choice struct{ name, text string }

// draw returns plain most of the time. Otherwise it returns one of the others and records it.
func (k *token) draw(r *rand.Rand, plain string, others []choice) string {
	if r.IntN(16) > 0 {
		return plain
	}
	c := others[r.IntN(len(others))]
	k.oddities = append(k.oddities, c.name)
	return c.text
}

// Ways to write a header parameter or a claim, as members of a JSON object without commas. %s stands
// for the algorithm.
var (
	algs = []choice{
		{"alg of another key", `"alg":"HS512"`}, {"alg none", `"alg":"none"`}, {"alg in another case", `"alg":"hs256"`},
		{"alg absent", `"x":1`}, {"alg null", `"alg":null`}, {"alg twice", `"alg":"none","alg":"%s"`},
		{"alg twice, the last none", `"alg":"%s","alg":"none"`}, {"ALG beside alg", `"alg":"%s","ALG":"none"`},
		{"alg spelled with an escape", `"\u0061lg":"%s"`}, {"alg with a space", `"alg":"%s "`},
	}
	types = []choice{
		{"typ absent", ``}, {"typ in lower case", `"typ":"jwt"`}, {"typ as a media type", `"typ":"application/jwt"`},
		{"typ of another token", `"typ":"at+jwt"`}, {"typ is a number", `"typ":1`}, {"typ empty", `"typ":""`}, {"typ null", `"typ":null`},
		{"typ twice", `"typ":"JWT","typ":"JWT"`},
	}
	parameters = []choice{
		{"kid", `"kid":"k1"`}, {"kid empty", `"kid":""`}, {"kid is a number", `"kid":1`}, {"kid null", `"kid":null`},
		{"kid with unusual characters", `"kid":"\u0000é\"/"`}, {"crit", `"crit":["exp"],"exp":1`}, {"crit empty", `"crit":[]`},
		{"crit null", `"crit":null`}, {"crit is a string", `"crit":"exp"`}, {"b64 true", `"b64":true`}, {"b64 false", `"b64":false`},
		{"crit b64", `"crit":["b64"],"b64":true`}, {"cty", `"cty":"json"`}, {"cty JWT", `"cty":"JWT"`}, {"cty is a number", `"cty":1`},
		{"jwk", `"jwk":{"kty":"oct","k":"AQ"}`}, {"jwk is a number", `"jwk":1`}, {"jku", `"jku":"https://evil.example"`},
		{"x5c", `"x5c":["AQ=="]`}, {"x5u", `"x5u":"https://evil.example"`}, {"x5t", `"x5t":"AQ"`}, {"x5c is a number", `"x5c":1`},
		{"an unknown parameter", `"unknown":{"a":[1,null,"x"]}`}, {"zip", `"zip":"DEF"`}, {"enc", `"enc":"A128GCM"`}, {"nonce", `"nonce":"n"`},
		{"a parameter in bad UTF-8", "\"x\":\"\xff\""}, {"a parameter nested 50 deep", `"x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50)},
	}
	expiries = append(dates("exp"),
		choice{"exp absent", ``}, choice{"exp twice", `"exp":1,"exp":1800000060`}, choice{"exp twice, the last over", `"exp":1800000060,"exp":1`},
		choice{"EXP beside exp", `"exp":1,"EXP":1800000060`}, choice{"EXP over beside exp", `"exp":1800000060,"EXP":1`},
		choice{"EXP alone", `"EXP":1800000060`}, choice{"exp spelled with an escape", `"\u0065xp":1800000060`},
		choice{"exp now", `"exp":1800000000`}, choice{"exp over", `"exp":1799999999`}, choice{"exp over by a fraction", `"exp":1799999999.999999999`},
		choice{"exp in less than a second", `"exp":1800000000.5`}, choice{"exp in a nanosecond", `"exp":1800000000.000000001`})
	starts = append(dates("nbf"),
		choice{"nbf", `"nbf":1799999000`}, choice{"nbf now", `"nbf":1800000000`}, choice{"nbf ahead", `"nbf":1800000001`},
		choice{"nbf ahead by a fraction", `"nbf":1800000000.5`}, choice{"nbf ahead by a nanosecond", `"nbf":1800000000.000000001`},
		choice{"nbf twice", `"nbf":1900000000,"nbf":1`}, choice{"NBF beside nothing", `"NBF":1900000000`})
	issueds = append(dates("iat"),
		choice{"iat", `"iat":1799999000`}, choice{"iat now", `"iat":1800000000`}, choice{"iat ahead", `"iat":1800000001`},
		choice{"iat ahead by a fraction", `"iat":1800000000.5`}, choice{"iat twice", `"iat":1,"iat":2`})
	issuers = []choice{
		{"iss absent", ``}, {"iss of another", `"iss":"evil"`}, {"iss null", `"iss":null`}, {"iss an array", `"iss":["login"]`},
		{"iss twice", `"iss":"evil","iss":"login"`}, {"iss spelled with escapes", `"iss":"\u006cogin"`}, {"ISS beside iss", `"ISS":"evil","iss":"login"`},
		{"iss with NUL", `"iss":"login\u0000"`}, {"iss in another case", `"iss":"Login"`}, {"iss with a long s", `"iſs":"evil","iss":"login"`},
	}
	audiences = []choice{
		{"aud absent", ``}, {"aud of another", `"aud":"web"`}, {"aud an array", `"aud":["api"]`}, {"aud an array of two", `"aud":["web","api"]`},
		{"aud an empty array", `"aud":[]`}, {"aud null", `"aud":null`}, {"aud empty", `"aud":""`}, {"aud an array with a number", `"aud":["api",1]`},
		{"aud an array with null", `"aud":["api",null]`}, {"aud an array with an empty string", `"aud":["api",""]`}, {"aud twice", `"aud":"web","aud":"api"`},
		{"aud an array in an array", `"aud":[["api"]]`}, {"AUD beside aud", `"AUD":"web","aud":"api"`}, {"aud a number", `"aud":1`},
	}
	subjects = []choice{
		{"sub", `"sub":"alice"`}, {"sub empty", `"sub":""`}, {"sub with unusual characters", `"sub":"\u0000\u2028é\ud83d\ude00\"\\\/"`},
		{"sub a lone surrogate", `"sub":"\ud800"`}, {"sub in bad UTF-8", "\"sub\":\"\xc0\xaf\""}, {"sub null", `"sub":null`}, {"sub a number", `"sub":1`},
		{"sub twice", `"sub":"root","sub":"alice"`}, {"sub with a raw control character", "\"sub\":\"a\nb\""}, {"sub of 2 KB", `"sub":"` + strings.Repeat("a", 2000) + `"`},
		{"jti", `"jti":"1"`}, {"jti a number", `"jti":1`}, {"jti null", `"jti":null`}, {"SUB beside nothing", `"SUB":"root"`},
	}
	claims = []choice{
		{"a claim", `"role":"admin"`}, {"a claim beyond float64", `"x":1e400`}, {"a claim of many digits", `"x":123456789012345678901234567890.5`},
		{"a claim nested 50 deep", `"x":` + strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)}, {"a claim twice", `"x":1,"x":2`},
		{"a claim twice in an object", `"x":{"a":1,"a":2}`}, {"a claim in bad UTF-8", "\"x\":\"\xed\xa0\x80\""}, {"a claim's name is empty", `"":1`},
		{"a comment", `"x":1/**/`}, {"trailing comma", `"x":[1,]`}, {"a number with a leading zero", `"x":01`}, {"NaN", `"x":NaN`},
		{"single quotes", `'x':1`}, {"white space", " \t\r\n\"x\" : [ 1 , 2 ] "}, {"a form feed", "\f\"x\":1"}, {"a BOM inside", "\ufeff\"x\":1"},
		{"an object of 300 members", `"x":{` + manyMembers(300) + `}`},
	}
	tails = []choice{
		{"object after the payload", `{}`}, {"brace after the payload", `}`}, {"white space after the payload", " \r\n"}, {"NUL after the payload", "\x00"}, {"word after the payload", `x`},
	}
)

// dates returns ways to write a date other than as a plain integer.
func dates(name string) []choice {
	var all []choice
	for _, c := range []choice{
		{"-0", "-0"}, {"-1", "-1"}, {"0", "0"}, {"a fraction", "1800000060.25"}, {"a million", "1e6"}, {"below int64", "-9223372036854775809"},
		{"a string", `"1800000060"`}, {"an array", "[1800000060]"}, {"an empty string", `""`}, {"with an exponent", "18.0000006e8"},
		{"with an exponent of 0", "1800000060e0"}, {"with a positive exponent", "1.80000006E+9"}, {"an object", "{}"},
		{"with many digits", "1800000060.000000000000000000000000000001"}, {"null", "null"}, {"1e-400", "1e-400"}, {"1e19", "1e19"},
		{"1e300", "1e300"}, {"1e400", "1e400"}, {"2^63", "9223372036854775808"}, {"2^64", "18446744073709551616"}, {"the latest", "253402300799"},
		{"too late by a fraction", "253402300799.5"}, {"too late by one", "253402300800"}, {"true", "true"},
	} {
		all = append(all, choice{name + " is " + c.name, `"` + name + `":` + c.text})
	}
	return all
}

func manyMembers(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"m%d":%d`, i, i))
	}
	return strings.Join(all, ",")
}

// generate makes a token of random parts. Most parts are plain, so most tokens have at most two
// oddities.
func generate(r *rand.Rand, k key) *token {
	t := new(token)
	header := []string{
		t.draw(r, `"alg":"%s"`, algs),
		t.draw(r, `"typ":"JWT"`, types),
		t.draw(r, ``, parameters),
	}
	payload := []string{
		t.draw(r, `"iss":"login"`, issuers),
		t.draw(r, `"aud":"api"`, audiences),
		t.draw(r, `"exp":1800000060`, expiries),
		t.draw(r, ``, starts),
		t.draw(r, ``, issueds),
		t.draw(r, ``, subjects),
		t.draw(r, ``, claims),
	}
	t.header = strings.ReplaceAll(object(r, header), "%s", k.alg)
	t.payload = object(r, payload)
	if r.IntN(4) == 0 {
		t.payload += t.draw(r, ``, tails)
	}
	return t
}

// object joins the members in random order.
func object(r *rand.Rand, members []string) string {
	r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	text := ""
	for _, m := range members {
		if m != "" && text != "" {
			text += ","
		}
		text += m
	}
	return "{" + text + "}"
}

func segment(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func (t *token) sign(k key) {
	signed := segment(t.header) + "." + segment(t.payload)
	t.raw = signed + "." + segment(string(k.sign(signed)))
}
