package main

import (
	"embed"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// contentSecurityPolicy allows only files from this server. It forbids inline scripts and
// styles, and, by Trusted Types, turning text into HTML.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// handlePage adds the page that shows a token expiring.
func handlePage(mux *http.ServeMux) {
	for _, file := range []struct{ path, name, contentType string }{
		{"/{$}", "page.html", "text/html; charset=utf-8"},
		{"/page.css", "page.css", "text/css; charset=utf-8"},
		{"/page.js", "page.js", "text/javascript; charset=utf-8"},
		{"/icon.svg", "icon.svg", "image/svg+xml"},
	} {
		content, err := pageFiles.ReadFile("page/" + file.name)
		if err != nil {
			panic(err) // impossible: the files are embedded
		}
		mux.HandleFunc("GET "+file.path, func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", file.contentType)
			h.Set("Content-Security-Policy", contentSecurityPolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cache-Control", "no-cache") // the next version of the demo may have another page
			w.Write(content)
		})
		mux.Handle(file.path, methodNotAllowed("GET, HEAD"))
	}
}
