package jws

import (
	"strings"
	"sync"
)

const (
	maxHeaders    = 1024
	maxHeaderSize = 512 // encoded; longer headers are not remembered
)

// Headers remembers the headers of tokens whose signature was good. An issuer
// writes the same header again and again, one for each of its keys: to read it each
// time, and not to recognise it by its bytes, would add a fifth to a Verify with HS256.
//
// A remembered header is what reading it again would yield, and so are all that
// is judged by it: type, key and algorithm. Only who can sign decides what is
// remembered. The zero Headers is empty. It is safe for concurrent use.
type Headers struct {
	known  sync.Map // of encoded headers to *Header
	mu     sync.Mutex
	length int // of known, guarded by mu
}

func (h *Headers) parse(segment string) (header *Header, known bool, err error) {
	if known, ok := h.known.Load(segment); ok {
		return known.(*Header), true, nil
	}
	header, err = parseHeader(segment)
	return header, false, err
}

// Learn remembers the header of c, which a Material has verified. If there is no room, it forgets
// all headers. Those in use are soon learned again.
func (h *Headers) Learn(c *Compact) {
	if c.known || len(c.header) > maxHeaderSize {
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
