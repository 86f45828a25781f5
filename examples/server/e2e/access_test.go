package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A user can do everything with Tab, Enter and the space bar. The focus is always visible, and
// each button keeps it.
func TestKeyboard(t *testing.T) {
	w := open(t, startServer(t, "-timetravel"))
	w.tabTo("Log in as Alice", kb.Enter)
	w.see("#verdict", "good")
	w.tabTo("Call /resource", " ")
	w.see("#meaning", "200 OK")
	w.tabTo("At exp", kb.Enter)
	w.see("#verdict", "expired")
	w.tabTo("Call /resource", kb.Enter)
	w.see("#meaning", "Token expired")
	w.tabTo("Tamper", " ")
	w.see("#tamper", "Undo tampering")
	w.tabTo("Call /resource", kb.Enter)
	w.see("#meaning", "Invalid token")
	w.tabTo("Drop token", kb.Enter)
	w.see("#token", "No token")
	w.tabTo("Log in as Bob", " ")
	w.see("#verdict", "Bob’s token is good.")
	w.tabTo("Refresh", kb.Enter)
	w.see("#session-meaning", "R2 is young")
	w.tabTo("Steal the refresh token", " ")
	w.see("#thief-same", "the same refresh token")
	w.tabTo("Log out everywhere", kb.Enter)
	w.see("#browser-refresh", "none")
}

// tabTo presses Tab until the named button has the focus, and then presses key.
func (w *window) tabTo(name, key string) {
	w.t.Helper()
	for range 30 {
		w.do(chromedp.KeyEvent(kb.Tab))
		got := eval[struct{ Name, Outline string }](w, `(() => {
			const e = document.activeElement, style = getComputedStyle(e);
			return {name: e.matches("button") ? e.innerText : "", outline: style.outlineStyle + " " + style.outlineWidth};
		})()`)
		if got.Name != "" && got.Outline != "solid 3px" {
			w.t.Errorf("%s: got the outline %q, want a visible one", got.Name, got.Outline)
		}
		if got.Name == name {
			w.do(chromedp.KeyEvent(key))
			if kept := eval[bool](w, `document.activeElement.matches("button")`); !kept {
				w.t.Errorf("%s: got no focus after the button was pressed, want the focus", name)
			}
			return
		}
	}
	w.t.Fatalf("got no button %s by pressing Tab, want one", name)
}

func TestScreenReader(t *testing.T) {
	w := open(t, startServer(t, "-timetravel"))
	w.logIn("Alice")
	w.press("Call /resource")
	w.see("#meaning", "200")
	tree, err := chromedp.Call(w.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, node := range tree.Nodes {
		if node.Ignored {
			continue
		}
		role := value(node.Role)
		seen[role] = true
		if named[role] && value(node.Name) == "" {
			t.Errorf("got a %s without a name, want one", role)
		}
	}
	for role := range named {
		if !seen[role] {
			t.Errorf("got no %s, want one", role)
		}
	}
	// Only parts that change rarely are live regions: a screen reader would announce the timer
	// every second.
	live := eval[[]string](w, `[...document.querySelectorAll("[role=status], [aria-live]")].map((e) => e.id)`)
	if got, want := fmt.Sprint(live), "[verdict travel-note meaning session-meaning]"; got != want {
		t.Errorf("got live regions %s, want %s", got, want)
	}
}

// value returns the string in v, or "".
func value(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(v.Value.String(), `"`)
}

// named lists the roles whose name a screen reader announces.
var named = map[string]bool{"button": true, "heading": true, "region": true, "timer": true, "group": true, "switch": true}

// On a phone the page has no horizontal scroll bar and no button that is too small for a thumb.
func TestPhone(t *testing.T) {
	w := open(t, startServer(t, "-timetravel"), chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
	fits := func(when string) {
		t.Helper()
		got := eval[struct{ Content, Window, Target float64 }](w, `({
			content: document.documentElement.scrollWidth, window: innerWidth,
			target: Math.min(...[...document.querySelectorAll("button")].map((b) => b.getBoundingClientRect().height).filter(Boolean)),
		})`)
		if got.Content > 320 || got.Window != 320 || got.Target < 44 {
			t.Errorf("%s: got %+v, want content and window of 320 px and buttons of at least 44 px", when, got)
		}
	}
	fits("at first")
	w.logIn("Alice")
	fits("with a token")
	w.press("At exp")
	w.see("#verdict", "expired")
	w.press("Call /resource")
	w.see("#answer", "Token expired")
	w.press("Tamper")
	w.press("Call /resource")
	w.see("#answer", "Invalid token")
	fits("with answers")
	w.press("Steal the refresh token")
	w.press("Refresh as the thief")
	w.see("#thief-same", "another refresh token")
	fits("with a thief")
}

// Every text has the contrast to its background that WCAG 2.2 AA requires, in light and in dark
// mode and in every state of the page.
func TestContrast(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		w := open(t, startServer(t, "-timetravel"), media("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce"))
		legible := func(when string) {
			t.Helper()
			for _, text := range eval[[]string](w, faint) {
				t.Errorf("%s, %s: got %s, want a contrast of 4.5", scheme, when, text)
			}
		}
		legible("at first")
		w.logIn("Alice")
		w.press("Call /resource")
		w.see("#meaning", "200")
		legible("good")
		w.press("10 s before exp")
		w.see("#verdict", "soon")
		legible("soon")
		w.press("At exp")
		w.see("#verdict", "expired")
		w.press("Tamper")
		w.press("Call /resource")
		w.see("#meaning", "401")
		legible("expired and tampered with")
		w.press("Refresh")
		w.see("#session-meaning", "R2 in place of R1")
		w.press("Steal the refresh token")
		w.press("Refresh as the thief")
		w.see("#session-meaning", "R2 is young")
		legible("with a thief")
		w.press("Log out everywhere")
		w.see("#session-meaning", "All logins")
		w.press("Refresh as the thief")
		w.see("#session-meaning", "invalid_grant")
		legible("logged out")
		if got := eval[string](w, `getComputedStyle(document.querySelector("#ring")).transitionProperty + getComputedStyle(document.querySelector("#ring")).transitionDuration`); got != "none0s" {
			t.Errorf("with reduced motion: got a transition %s, want none", got)
		}
	}
}

// faint lists the texts with a contrast below 4.5, and the rings with one below 3.
const faint = `(() => {
	const rgb = (color) => color.match(/[\d.]+/g).map(Number);
	const luminance = (color) => rgb(color).slice(0, 3).map((v) => v / 255)
		.map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = (e) => {
		const color = getComputedStyle(e).backgroundColor;
		return rgb(color)[3] === 0 ? ground(e.parentElement) : color;
	};
	const contrast = (a, b) => {
		const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
		return (high + 0.05) / (low + 0.05);
	};
	const found = [...document.querySelectorAll("body *")]
		.filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
		.map((e) => [e.textContent.trim().slice(0, 30), contrast(getComputedStyle(e).color, ground(e)), 4.5]);
	for (const ring of document.querySelectorAll("#ring, #session-ring")) {
		found.push([ring.id, contrast(getComputedStyle(ring).stroke, ground(ring.closest(".card"))), 3]);
	}
	return found.filter(([, got, want]) => !(got >= want)).map(([text, got]) => text + ": " + got.toFixed(2));
})()`
