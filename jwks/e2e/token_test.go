package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

const (
	secret       = "a secret of the tests"                         // of both clients
	codeVerifier = "a-verifier-of-the-tests-43-characters-or-more" // of PKCE (RFC 7636)
)

// audience returns the name of the API whose access tokens the provider signs with alg.
func audience(alg string) string { return "https://api.example/" + alg }

// accessToken requests an access token by the client credentials grant (RFC 6749 §4.4), for the API
// with this audience (RFC 8707).
func (p *provider) accessToken(t *testing.T, audience string) string {
	t.Helper()
	return p.tokens(t, "service", url.Values{
		"grant_type": {"client_credentials"},
		"resource":   {audience},
	}).AccessToken
}

type tokens struct {
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token"`
}

func (p *provider) tokens(t *testing.T, client string, form url.Values) (got tokens) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", p.issuer+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, url.QueryEscape(secret)) // RFC 6749 §2.3.1
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&got); response.StatusCode != 200 || err != nil {
		t.Fatalf("got %s, %v, want tokens", response.Status, err)
	}
	return got
}

// idToken logs subject in to a web application, with consent, as a browser does (OpenID Connect Core
// 1.0 §3.1), and returns the ID token.
func (p *provider) idToken(t *testing.T, subject, nonce string) string {
	t.Helper()
	const callback = "https://web.example/callback"
	var code string
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback+"?") {
			code = r.URL.Query().Get("code")
			return http.ErrUseLastResponse
		}
		return nil
	}}
	visit := func(response *http.Response, err error) *url.URL {
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.Request.URL
	}

	challenge := sha256.Sum256([]byte(codeVerifier))
	page := visit(browser.Get(p.issuer + "/auth?" + url.Values{
		"client_id":             {"web"},
		"redirect_uri":          {callback},
		"response_type":         {"code"},
		"scope":                 {"openid"},
		"nonce":                 {nonce},
		"code_challenge_method": {"S256"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}.Encode()))
	page = visit(browser.PostForm(page.String(), url.Values{"prompt": {"login"}, "login": {subject}, "password": {"any"}}))
	visit(browser.PostForm(page.String(), url.Values{"prompt": {"consent"}}))

	return p.tokens(t, "web", url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {callback},
		"code_verifier": {codeVerifier},
	}).IDToken
}
