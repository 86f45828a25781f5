package main

import (
	"fmt"
	"net/http"
)

var middlewares = map[string]func([]key, http.Handler) (http.Handler, error){
	golangJWT.name: golangJWTMiddleware,
	ours:           ourMiddleware,
}

// A client sends the same request over and over, each time with another token: a
// request and a recorder made anew would take longer than what is measured.
type client struct {
	authorization []string // by token
	sent          *http.Request
	header        []string // the one that is sent
	response      response
}

func newClient(tokens []token) *client {
	c := &client{header: make([]string, 1)}
	c.sent = &http.Request{Method: http.MethodGet, Header: http.Header{"Authorization": c.header}}
	c.response.header = make(http.Header)
	for _, t := range tokens {
		c.authorization = append(c.authorization, "Bearer "+t.text)
	}
	return c
}

// request sends the i-th token.
func (c *client) request(h http.Handler, i int) error {
	c.header[0] = c.authorization[i]
	c.response.status = http.StatusOK
	h.ServeHTTP(&c.response, c.sent)
	if c.response.status != http.StatusOK {
		return fmt.Errorf("answered by %d", c.response.status)
	}
	return nil
}

// A response keeps the status alone.
type response struct {
	header http.Header
	status int
}

// Header, Write and WriteHeader make it an [http.ResponseWriter].
func (r *response) Header() http.Header { return r.header }

func (r *response) Write(p []byte) (int, error) { return len(p), nil }

func (r *response) WriteHeader(status int) { r.status = status }
