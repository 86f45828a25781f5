package strictjson

import (
	"strings"
	"testing"
)

// What goes back to the pool holds nothing of what was read.
func TestReadersKeepNothing(t *testing.T) {
	for _, text := range []string{`{"sub":"` + strings.Repeat("alice ", 50) + `"}`, `{"sub":"bob"}`, `{"sub":`, strings.Repeat(" ", 2*maxKept) + `{"a":1}`} {
		Members(text, func(_ string, v *Reader) error { return v.Skip() })
		r := readers.Get().(*Reader)
		if r.text != "" || strings.Trim(string(r.data[:cap(r.data)]), "\x00") != "" || r.src.Cap() > maxKept {
			t.Errorf("got %q and %d bytes, %q, in the pool, want nothing", r.text, r.src.Cap(), r.data[:min(cap(r.data), 100)])
		}
	}
}
