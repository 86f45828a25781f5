package main

import (
	"fmt"
	"net/http"
)

var middlewares = map[string]func([]key, http.Handler) (http.Handler, error){
	golangJWT.name: golangJWTMiddleware,
	jwtexpName:     jwtexpMiddleware,
}

// A client reuses one request and one response for all tokens. To make new ones would take longer
// than the work that is measured.
type client struct {
	authorization []string // a header for each token
	sent          *http.Request
	header        []string // the Authorization header of sent
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
		return fmt.Errorf("got status %d, want 200", c.response.status)
	}
	return nil
}

// A response is an [http.ResponseWriter] that keeps only the status.
type response struct {
	header http.Header
	status int
}

func (r *response) Header() http.Header { return r.header }

func (r *response) Write(p []byte) (int, error) { return len(p), nil }

func (r *response) WriteHeader(status int) { r.status = status }
