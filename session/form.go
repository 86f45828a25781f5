package session

import (
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxForm is how many bytes a form has at most.
const maxForm = 16 << 10

// A form is the body of a request to a token endpoint or a revocation endpoint.
type form struct{ url.Values }

// readForm reads the body of a request, and nothing of its query. A handler around this one may
// have read it before, as Request.ParseForm does.
func readForm(w http.ResponseWriter, r *http.Request) (form, *formError) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return form{}, &formError{http.StatusMethodNotAllowed, "invalid_request", "want POST"}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return form{}, invalidRequest("want Content-Type: application/x-www-form-urlencoded")
	}
	if r.PostForm != nil {
		return form{r.PostForm}, nil
	}
	if r.Body == nil { // a request of a test
		return form{}, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return form{}, invalidRequest("the body cannot be read, or has more than 16 KiB")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return form{}, invalidRequest("the body is not a form")
	}
	return form{values}, nil
}

// repeats reports whether a parameter is given more than once (RFC 6749 §3.2).
func (f form) repeats(name string) bool { return len(f.Values[name]) > 1 }

func (f form) repeatsAny() bool {
	for name := range f.Values {
		if f.repeats(name) {
			return true
		}
	}
	return false
}

// A formError is an error response of RFC 6749 §5.2.
type formError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func (e *formError) respond(w http.ResponseWriter) { respond(w, e.status, e) }

func badRequest(code, description string) *formError {
	return &formError{http.StatusBadRequest, code, description}
}

func invalidRequest(description string) *formError { return badRequest("invalid_request", description) }
