package differential_test

import (
	"math/rand/v2"
	"slices"
	"strings"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// mutateText changes one or two bytes of a header or a payload before it is signed.
func mutateText(r *rand.Rand, text string) string {
	b := []byte(text)
	for range 1 + r.IntN(2) {
		i := r.IntN(len(b))
		switch r.IntN(5) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b = slices.Delete(b, i, i+1)
		case 2:
			b = slices.Insert(b, i, `{}[]":,\0123456789eE.-+ utrfn`[r.IntN(29)])
		case 3:
			b[i] = b[r.IntN(len(b))]
		case 4:
			j := i + r.IntN(min(12, len(b)-i))
			b = slices.Insert(b, j, b[i:j]...)
		}
		if len(b) == 0 {
			return ""
		}
	}
	return string(b)
}

// A mutation changes a signed token.
type mutation struct {
	name  string
	apply func(r *rand.Rand, raw string, other func() string) string
}

var mutations = []mutation{
	{"bit flipped", func(r *rand.Rand, raw string, _ func() string) string {
		i := r.IntN(len(raw))
		return raw[:i] + string([]byte{raw[i] ^ 1<<r.IntN(8)}) + raw[i+1:]
	}},
	{"character changed", func(r *rand.Rand, raw string, _ func() string) string {
		i := r.IntN(len(raw))
		return raw[:i] + alphabet[r.IntN(64):][:1] + raw[i+1:]
	}},
	{"truncated", func(r *rand.Rand, raw string, _ func() string) string { return raw[:r.IntN(len(raw))] }},
	{"dot doubled", func(r *rand.Rand, raw string, _ func() string) string {
		return strings.Replace(raw, ".", "..", 1+r.IntN(2))
	}},
	{"dot removed", func(r *rand.Rand, raw string, _ func() string) string { return strings.Replace(raw, ".", "", 1) }},
	{"fourth segment", func(r *rand.Rand, raw string, _ func() string) string { return raw + "." + raw[:r.IntN(8)] }},
	{"segment of another token", func(r *rand.Rand, raw string, other func() string) string {
		parts, others := strings.Split(raw, "."), strings.Split(other(), ".")
		i := r.IntN(3)
		parts[i] = others[i]
		return strings.Join(parts, ".")
	}},
	{"padding", func(r *rand.Rand, raw string, _ func() string) string {
		parts := strings.Split(raw, ".")
		i := r.IntN(3)
		parts[i] += strings.Repeat("=", 1+r.IntN(2))
		return strings.Join(parts, ".")
	}},
	{"trailing bits of the signature", func(r *rand.Rand, raw string, _ func() string) string {
		last := strings.IndexByte(alphabet, raw[len(raw)-1])
		return raw[:len(raw)-1] + alphabet[last|1+r.IntN(3):][:1]
	}},
	{"white space inside", func(r *rand.Rand, raw string, _ func() string) string {
		i := r.IntN(len(raw) + 1)
		return raw[:i] + []string{"\r", "\n", "\r\n", " ", "\t", "\x00"}[r.IntN(6)] + raw[i:]
	}},
	{"standard base64 alphabet", func(r *rand.Rand, raw string, _ func() string) string {
		return strings.NewReplacer("-", "+", "_", "/").Replace(raw)
	}},
	{"other ECDSA signature", func(_ *rand.Rand, raw string, _ func() string) string {
		i := strings.LastIndex(raw, ".")
		return raw[:i+1] + malleate(raw[i+1:])
	}},
	{"empty signature", func(_ *rand.Rand, raw string, _ func() string) string { return raw[:strings.LastIndex(raw, ".")+1] }},
}

// mutate applies a random mutation, and records it if it has changed the token.
func (t *token) mutate(r *rand.Rand, other func() string) {
	m := mutations[r.IntN(len(mutations))]
	if raw := m.apply(r, t.raw, other); raw != t.raw {
		t.raw = raw
		t.oddities = append(t.oddities, m.name)
	}
}
