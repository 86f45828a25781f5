package strictjson

import (
	"strings"
	"testing"
)

// A Reader in the pool contains nothing of the text that it read.
func TestPooledReadersAreEmpty(t *testing.T) {
	for _, text := range []string{`{"sub":"` + strings.Repeat("alice ", 50) + `"}`, `{"sub":"bob"}`, `{"sub":`, strings.Repeat(" ", 2*maxKept) + `{"a":1}`} {
		Members(text, func(_ string, v *Reader) error { return v.Skip() })
		r := readers.Get().(*Reader)
		if r.text != "" || strings.Trim(string(r.data[:cap(r.data)]), "\x00") != "" || r.src.Cap() > maxKept {
			t.Errorf("got text %q, a buffer of %d bytes and data %q in the pool, want no text", r.text, r.src.Cap(), r.data[:min(cap(r.data), 100)])
		}
	}
}
