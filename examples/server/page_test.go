package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPage(t *testing.T) {
	d := startDemo(t)
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
	tests := []struct{ path, contentType, text string }{
		{"/", "text/html; charset=utf-8", "<title>Watch a token expire</title>"},
		{"/?any=query", "text/html; charset=utf-8", "There is no password"},
		{"/page.css", "text/css; charset=utf-8", "prefers-color-scheme: dark"},
		{"/page.js", "text/javascript; charset=utf-8", "textContent"},
		{"/icon.svg", "image/svg+xml", "<svg "},
	}
	for _, tt := range tests {
		for _, method := range []string{"GET", "HEAD"} {
			res, err := http.DefaultClient.Do(request(t, method, d.URL+tt.path, nil))
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, res)
			if method == "GET" && !strings.Contains(got.Body, tt.text) {
				t.Errorf("GET %s: got %q, want %q in it", tt.path, got.Body, tt.text)
			}
			got.Body = ""
			if diff := cmp.Diff(reply{Status: 200, Type: tt.contentType, Cache: "no-cache"}, got); diff != "" {
				t.Errorf("%s %s: (-want +got)\n%s", method, tt.path, diff)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": policy,
				"X-Content-Type-Options":  "nosniff",
				"Referrer-Policy":         "no-referrer",
			} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s %s: got %s %q, want %q", method, tt.path, name, got, want)
				}
			}
		}
	}
}

func TestPageRoutes(t *testing.T) {
	d := startDemo(t)
	for _, path := range []string{"/", "/page.css", "/page.js", "/icon.svg"} {
		want := jsonReply(405, `{"error":"Method not allowed"}`).allowing("GET, HEAD")
		if diff := cmp.Diff(want, send(t, request(t, "POST", d.URL+path, nil))); diff != "" {
			t.Errorf("POST %s: (-want +got)\n%s", path, diff)
		}
	}
	for _, path := range []string{"/page.html", "/page/", "/page/page.js", "/index.html", "/favicon.ico"} {
		want := jsonReply(404, `{"error":"Not found"}`)
		if diff := cmp.Diff(want, send(t, request(t, "GET", d.URL+path, nil))); diff != "" {
			t.Errorf("GET %s: (-want +got)\n%s", path, diff)
		}
	}
}

// The log has the paths of the page's files, and no queries, which may hold a token.
func TestPageLog(t *testing.T) {
	d := startDemo(t)
	token := logIn(t, d.URL, `{"user_id":1}`)
	send(t, request(t, "GET", d.URL+"/?token="+token, nil))
	send(t, request(t, "GET", d.URL+"/page.js", nil))
	send(t, request(t, "POST", d.URL+"/", nil))
	send(t, request(t, "GET", d.URL+"/"+token, nil))
	d.Close()
	want := "level=INFO msg=request method=POST path=/login status=200 duration=0s session=started subject=1\n" +
		"level=INFO msg=request method=GET path=/ status=200 duration=0s\n" +
		"level=INFO msg=request method=GET path=/page.js status=200 duration=0s\n" +
		"level=INFO msg=request method=POST path=/ status=405 duration=0s\n" +
		"level=INFO msg=request method=GET path=(unknown) status=404 duration=0s\n"
	if diff := cmp.Diff(want, d.log.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
