package jws

import (
	"strings"
	"sync"
)

const (
	maxHeaders    = 1024
	maxHeaderSize = 512 // encoded; longer headers are not remembered
)

// Headers remembers the headers of tokens with a good signature. An issuer writes the same header
// again and again, one for each of its keys. If each is parsed, Verify takes 29 % longer
// (BenchmarkVerify/HS256).
//
// A remembered header is what parsing it again would return. Only someone who can sign decides what
// is remembered. The zero Headers is empty. It is safe for concurrent use.
type Headers struct {
	known  sync.Map // of encoded headers to *Header
	mu     sync.Mutex
	length int // of known, guarded by mu
}

func (h *Headers) parse(segment string) (*Header, error) {
	if known, ok := h.known.Load(segment); ok {
		return known.(*Header), nil
	}
	return parseHeader(segment)
}

// Learn remembers the header of c, which a Material has verified. If there is no room, it forgets
// all headers. Those in use are soon learned again.
func (h *Headers) Learn(c *Compact) {
	if _, known := h.known.Load(c.header); known || len(c.header) > maxHeaderSize {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.length == maxHeaders {
		h.known.Clear()
		h.length = 0
	}
	// The segment is a piece of a token. Without Clone it would keep the whole token in memory.
	if _, known := h.known.LoadOrStore(strings.Clone(c.header), c.Header); !known {
		h.length++
	}
}
