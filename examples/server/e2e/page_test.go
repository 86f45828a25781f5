package e2e

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// The whole use of the page, from the first login to the login after expiry.
func TestStory(t *testing.T) {
	w := open(t, startServer(t, "-timetravel"))
	w.see("#verdict", "Log in to get a token.")
	token := w.logIn("Alice")
	if n := strings.Count(token, "."); n != 2 {
		t.Errorf("got %d dots in the token, want 2", n)
	}
	w.see("#payload", `"user_id": 1`)
	w.see("#verdict", "Alice’s token is good.")
	w.press("Call /resource")
	w.see("#answer", "200 OK")
	w.see("#answer", `{"user":{"id":1,"name":"Alice"}}`)
	w.see("#request", "Authorization: Bearer eyJ")

	w.press("+ 10 min")
	w.see("#left", "19:") // of 30 minutes
	w.press("10 s before exp")
	w.see("#verdict", "Alice’s token ends soon.")
	w.press("Call /resource")
	w.see("#meaning", "200 OK: the token is good.")

	w.press("At exp")
	w.see("#verdict", "Alice’s token has expired.")
	w.see("#left", "0:00")
	w.press("Call /resource")
	w.see("#meaning", "401 Unauthorized, “Token expired”")
	w.see("#answer", `error_description="The access token expired"`)
	w.see("#answer", `"expired_at":"20`)
	w.press("At exp")
	w.see("#travel-note", "ahead only")

	w.press("Tamper")
	w.press("Call /resource")
	w.see("#meaning", "401 Unauthorized, “Invalid token”")
	w.see("#answer", `error_description="The access token is invalid"`)
	w.press("Undo tampering")
	if got := w.text("#token"); got != token {
		t.Errorf("got another token after tampering was undone, want the original one")
	}

	w.press("Drop token")
	w.press("Call /resource")
	w.see("#meaning", "400 Bad Request, “Invalid token”: there was no token")

	w.logIn("Bob")
	w.see("#verdict", "Bob’s token is good.")
	w.press("Call /resource")
	w.see("#answer", `"name":"Bob"`)
	w.seeLog(
		"POST /login | Alice | 200 OK",
		"GET /resource | Alice’s token | 200 OK",
		"POST /clock | + 10 min | 200 OK",
		"POST /clock | 10 s before exp | 200 OK",
		"GET /resource | Alice’s token | 200 OK",
		"POST /clock | at exp | 200 OK",
		"GET /resource | Alice’s token | 401 Unauthorized | Token expired",
		"GET /resource | Alice’s token, tampered with | 401 Unauthorized | Invalid token",
		"GET /resource | no token | 400 Bad Request | Invalid token",
		"POST /login | Bob | 200 OK",
		"GET /resource | Bob’s token | 200 OK",
	)
}

// Without -timetravel the server's clock cannot be moved. The countdown uses the page's stopwatch,
// which the test sets ahead, and ends without a reload.
func TestCountdownEndsByItself(t *testing.T) {
	w := open(t, startServer(t), beforeThePage(`
		const real = performance.now.bind(performance);
		let ahead = 0;
		performance.now = () => real() + ahead;
		window.sleep = (ms) => { ahead += ms; };`))
	w.logIn("Bob")
	w.see("#verdict", "Bob’s token is good.")
	eval[any](w, `sleep(1700e3)`)
	w.see("#verdict", "Bob’s token ends soon.")
	w.see("#left", "1:")
	eval[any](w, `sleep(100e3)`)
	w.see("#verdict", "Bob’s token has expired.")
	w.see("#left", "0:00")
	if got := eval[string](w, `document.querySelector("#ring").getAttribute("stroke-dashoffset")`); got != "100" {
		t.Errorf("got a ring with offset %s, want 100, an empty ring", got)
	}
	if eval[bool](w, `document.querySelector("#travel").checkVisibility()`) {
		t.Error("got the buttons that move the clock, want them hidden")
	}
}

// If another client moves the clock, the page shows it when it gets the focus again.
func TestCountdownFollowsTheServersClock(t *testing.T) {
	s := startServer(t, "-timetravel")
	w := open(t, s)
	w.logIn("Alice")
	w.see("#verdict", "good")
	moved, err := http.Post(s.url+"/clock", "application/json", strings.NewReader(`{"advance_seconds":1800}`))
	if err != nil || moved.StatusCode != 200 {
		t.Fatalf("got %v, %v, want 200", moved, err)
	}
	moved.Body.Close()
	eval[any](w, `dispatchEvent(new Event("focus"))`)
	w.see("#verdict", "Alice’s token has expired.")
}

// The page shows everything from the server as text, even if it looks like HTML.
func TestScriptForAName(t *testing.T) {
	const script = `<script>alert(1)</script><img src=x onerror=alert(2)>`
	quoted, err := json.Marshal(script)
	if err != nil {
		t.Fatal(err)
	}
	token := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":`+string(quoted)+`}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(`{"iat":1700000000,"exp":4000000000,"name":`+string(quoted)+`}`)) + ".<b>x</b>"
	w := open(t, startServer(t))
	w.answer("/login", 200, `{"token":"`+token+`"}`)
	w.press("Log in as Alice")
	w.see("#token", "<b>x</b>")
	w.see("#header", script)
	w.see("#payload", script)

	w.answer("/resource", 200, `{"user":{"id":1,"name":"`+script+`"}}`)
	w.press("Call /resource")
	w.see("#answer", script)
	w.answer("/resource", 401, `{"error":`+string(quoted)+`}`)
	w.press("Call /resource")
	w.see("#meaning", script)
	w.see("#log", script)
	if n := eval[int](w, `document.querySelectorAll("main script, main img, main b").length`); n > 0 {
		t.Errorf("got %d elements from texts of the server, want none", n)
	}
}
