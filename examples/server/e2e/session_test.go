package e2e

import (
	"strings"
	"testing"
)

// A login outlives its access tokens, with automatic refresh, and without it they expire. At the end
// of the login nothing helps.
func TestLoginLasts(t *testing.T) {
	w := open(t, startServer(t, "-timetravel"))
	first := w.logIn("Alice")
	w.see("#browser-refresh", "R1")
	w.see("#session-left", "2:59:")
	w.press("At exp")
	w.see("#verdict", "Alice’s token has expired.")
	w.press("Refresh")
	w.see("#session-meaning", "Browser: a new access token, and R2 in place of R1.")
	w.see("#verdict", "Alice’s token is good.")
	w.see("#browser-refresh", "R2")
	w.see("#session-left", "2:59:")
	if w.text("#token") == first {
		t.Error("got the first access token after a refresh, want another one")
	}
	w.press("Refresh")
	w.see("#session-meaning", "R2 is young, so it is not replaced.")

	w.toggle("#automatic")
	w.press("At exp")
	w.see("#browser-refresh", "R3")
	w.see("#verdict", "Alice’s token is good.")
	w.press("10 s before exp")
	w.see("#browser-refresh", "R4")
	w.see("#left", "29:") // of 30 minutes
	w.press("Call /resource")
	w.see("#meaning", "200 OK: the token is good.")

	w.toggle("#automatic")
	w.press("At the login’s end")
	w.see("#session-left", "over")
	w.press("Refresh")
	w.see("#session-meaning", "the session has expired; log in again")
	w.see("#browser-refresh", "none")
}

// A logout reaches every holder: access tokens that were issued before are rejected at once.
func TestLogoutReachesTheThief(t *testing.T) {
	for button, meaning := range map[string]string{
		"Log out":            "The login has ended.",
		"Log out everywhere": "All logins of the user have ended",
	} {
		w := open(t, startServer(t, "-timetravel"))
		w.logIn("Alice")
		w.press("Steal the refresh token")
		w.see("#thief-same", "It is the same refresh token as the browser’s.")
		w.press("Refresh as the thief")
		w.see("#session-meaning", "Thief: a new access token.")
		w.press("Call as the thief")
		w.see("#session-meaning", "Thief: 200.")
		w.press(button)
		w.see("#session-meaning", meaning)
		w.see("#token", "No token")
		w.press("Call as the thief")
		w.see("#session-meaning", "Thief: 401 Unauthorized, “Invalid token”.")
		w.press("Refresh as the thief")
		w.see("#session-meaning", "Thief: 400 Bad Request, “invalid_grant”")
		w.see("#thief-refresh", "none")
	}
}

// Within the grace, the browser and a thief get the same successor. When they take turns, the login
// ends for both.
func TestTheftShows(t *testing.T) {
	w := open(t, startServer(t, "-timetravel"))
	w.logIn("Alice")
	w.press("Steal the refresh token")
	w.press("Past twice grace")
	w.see("#travel-note", "past twice grace")
	w.press("Refresh")
	w.see("#session-meaning", "Browser: a new access token, and R2 in place of R1.")
	w.see("#thief-same", "another")
	w.press("Refresh as the thief")
	w.see("#session-meaning", "Thief: a new access token, and R2 in place of R1.")
	w.see("#thief-same", "It is the same refresh token as the browser’s.")

	w.press("Past twice grace")
	w.press("Refresh")
	w.see("#session-meaning", "Browser: a new access token, and R3 in place of R2.")
	w.press("Past twice grace")
	w.press("Refresh as the thief")
	w.see("#session-meaning", "Thief: a new access token, and R4 in place of R2.")
	w.press("Past twice grace")
	w.press("Refresh")
	w.see("#session-meaning", "Browser: 400 Bad Request, “invalid_grant”: the session is not valid; log in again.")
	w.see("#verdict", "Alice’s login has ended.")
	w.see("#session-left", "over")
	w.press("Call /resource")
	w.see("#meaning", "401 Unauthorized, “Invalid token”: the login of the token has ended.")
	w.press("Call as the thief")
	w.see("#session-meaning", "Thief: 401 Unauthorized, “Invalid token”.")
	w.press("Refresh as the thief")
	w.see("#session-meaning", "Thief: 400 Bad Request, “invalid_grant”")
	if log := w.server.log.String(); strings.Contains(log, "rt1_") || !strings.Contains(log, "session=reused") {
		t.Errorf("got the server's log\n%s\nwant session=reused, and no refresh token", log)
	}
}
