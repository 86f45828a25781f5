package jwtexp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// An Issuer says which clock and which lifetime it uses.
func TestClockAndLifetimeOfAnIssuer(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	if got := newIssuer(clock).Clock(); got != jwtexp.Clock(clock) {
		t.Errorf("got %v, want the clock of WithClock", got)
	}
	issuer := must(jwtexp.NewIssuer(testKey(), 7*time.Minute))
	if got := issuer.Lifetime(); got != 7*time.Minute {
		t.Errorf("got %v, want 7m", got)
	}
	if now := issuer.Clock().Now(); now.Sub(jwtexp.SystemClock().Now()).Abs() > time.Hour {
		t.Errorf("got a clock that reads %v, want the system's", now)
	}
	for name, none := range map[string]*jwtexp.Issuer{"nil": nil, "zero": new(jwtexp.Issuer)} {
		if none.Clock() != nil || none.Lifetime() != 0 {
			t.Errorf("%s: got %v, %v, want nil and 0", name, none.Clock(), none.Lifetime())
		}
	}
}

func TestSessionID(t *testing.T) {
	type plain struct {
		Role string `json:"role"`
		SID  string `json:"sid,omitempty"`
	}
	clock := jwtexptest.NewClock(epoch)
	for _, tt := range []struct {
		name   string
		claims any
		opts   []jwtexp.IssueOption
		want   string
	}{
		{"none", nil, nil, ""},
		{"the option", nil, []jwtexp.IssueOption{jwtexp.WithSessionID("s-1")}, "s-1"},
		{"the option and a struct", plain{Role: "admin"}, []jwtexp.IssueOption{jwtexp.WithSessionID("s-1")}, "s-1"},
		{"the option and a map", map[string]any{"role": "admin"}, []jwtexp.IssueOption{jwtexp.WithSessionID(`"é"`)}, `"é"`},
		{"a claim of a struct", plain{SID: "own"}, nil, "own"},
		{"a claim of a map", map[string]any{"sid": "own"}, nil, "own"},
		{"an empty claim", map[string]any{"sid": ""}, nil, ""},
		{"a number", map[string]any{"sid": 7}, nil, ""},
		{"null", map[string]any{"sid": nil}, nil, ""},
		{"an array", map[string]any{"sid": []string{"a"}}, nil, ""},
		{"another letter case", map[string]any{"SID": "own"}, nil, ""},
		{"inside another claim", map[string]any{"in": map[string]any{"sid": "own"}}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			issued := must(newIssuer(clock).Issue(t.Context(), "alice", tt.claims, tt.opts...))
			verified := accept(t, newVerifier(clock), issued.Raw())
			cached := must(jwtexp.NewVerifier(testKey(), jwtexp.WithClock(clock), jwtexp.WithCache(10)))
			accept(t, cached, issued.Raw())
			for name, token := range map[string]*jwtexp.Token{"issued": issued, "verified": verified, "cached": accept(t, cached, issued.Raw())} {
				if got := token.SessionID(); got != tt.want {
					t.Errorf("%s: got %q, want %q", name, got, tt.want)
				}
			}
			// It is also an application claim.
			var claims struct {
				SID any `json:"sid"`
			}
			if err := verified.Claims(&claims); err != nil || tt.want != "" && claims.SID != tt.want {
				t.Errorf("claims: got %v, %v, want %q", claims.SID, err, tt.want)
			}
			var plainClaims struct {
				SID string `json:"sid"`
			}
			if err := verified.Claims(&plainClaims); tt.want != "" && (err != nil || plainClaims.SID != tt.want) {
				t.Errorf("claims in a plain struct: got %q, %v, want %q", plainClaims.SID, err, tt.want)
			}
			var members map[string]any
			if err := verified.Claims(&members); err != nil || tt.want != "" && members["sid"] != tt.want {
				t.Errorf("claims in a map: got %v, %v, want %q", members["sid"], err, tt.want)
			}
		})
	}
}

func TestSessionIDFaults(t *testing.T) {
	type plain struct {
		SID string `json:"sid"`
	}
	clock := jwtexptest.NewClock(epoch)
	id := jwtexp.WithSessionID("s-1")
	for _, tt := range []struct {
		name   string
		claims any
		opts   []jwtexp.IssueOption
		want   string
	}{
		{"empty", nil, []jwtexp.IssueOption{jwtexp.WithSessionID("")}, "WithSessionID: empty"},
		{"not UTF-8", nil, []jwtexp.IssueOption{jwtexp.WithSessionID("\xff")}, "WithSessionID: not valid UTF-8"},
		{"twice", nil, []jwtexp.IssueOption{id, id}, "WithSessionID: given twice"},
		{"beside a claim", map[string]any{"sid": "own"}, []jwtexp.IssueOption{id}, `claim "sid" names the session`},
		{"beside a claim of a struct", plain{"own"}, []jwtexp.IssueOption{id}, `claim "sid" names the session`},
		{"beside a claim in another case", map[string]any{"Sid": "own"}, []jwtexp.IssueOption{id}, `claim "sid" names the session`},
	} {
		token, err := newIssuer(clock).Issue(t.Context(), "alice", tt.claims, tt.opts...)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(verdicts(err)) > 0 {
			t.Errorf("%s: got %v, %v, want an error without a verdict that has %q", tt.name, token, err, tt.want)
		}
	}
}

// A token whose sid is malformed is rejected as for any other claim.
func TestMalformedSessionID(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	for text, want := range map[string]string{
		live(`,"sid":"\ud800"`):         "invalid: claims",
		live(`,"sid":"a","sid":"a"`):    "invalid: claims",
		live(",\"sid\":\"\xff\""):       "invalid: claims",
		live(`,"sid":"a\u0062","b":1`):  "ok",
		live(`,"sid":{"a":1,"b":[[]]}`): "ok",
	} {
		_, err := newVerifier(clock).Verify(t.Context(), sign(testSecret, `{"alg":"HS256"}`, text))
		if got := outcome(err); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestExpiresBy(t *testing.T) {
	now := epoch.Add(500 * time.Millisecond)
	clock := jwtexptest.NewClock(now)
	for _, tt := range []struct {
		name string
		by   time.Time
		want time.Time // exp
	}{
		{"later than the lifetime", now.Add(2 * time.Hour), epoch.Add(time.Hour)},
		{"the end of the lifetime", epoch.Add(time.Hour), epoch.Add(time.Hour)},
		{"earlier", epoch.Add(10 * time.Minute), epoch.Add(10 * time.Minute)},
		{"a fraction of a second", epoch.Add(10*time.Minute + 999*time.Millisecond), epoch.Add(10 * time.Minute)},
		{"the next second", epoch.Add(time.Second), epoch.Add(time.Second)},
		{"the year 9999", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), epoch.Add(time.Hour)},
		{"another time zone", epoch.Add(time.Minute).In(time.FixedZone("", 3600)), epoch.Add(time.Minute)},
	} {
		token, err := newIssuer(clock).Issue(t.Context(), "alice", nil, jwtexp.WithExpiresBy(tt.by))
		if err != nil || !token.ExpiresAt().Equal(tt.want) || !token.IssuedAt().Equal(epoch) {
			t.Errorf("%s: got %v, %v, want iat %v and exp %v", tt.name, token, err, epoch, tt.want)
			continue
		}
		accept(t, newVerifier(clock), token.Raw())
	}
	for _, tt := range []struct {
		name string
		opts []jwtexp.IssueOption
		want string
	}{
		{"the zero time", []jwtexp.IssueOption{jwtexp.WithExpiresBy(time.Time{})}, "WithExpiresBy: the zero time"},
		{"now", []jwtexp.IssueOption{jwtexp.WithExpiresBy(now)}, "so the token would have expired"},
		{"later in this second", []jwtexp.IssueOption{jwtexp.WithExpiresBy(now.Add(400 * time.Millisecond))}, "so the token would have expired"},
		{"before 1970", []jwtexp.IssueOption{jwtexp.WithExpiresBy(time.Unix(-1, 0))}, "so the token would have expired"},
		{"twice", []jwtexp.IssueOption{jwtexp.WithExpiresBy(now.Add(time.Hour)), jwtexp.WithExpiresBy(now.Add(time.Hour))}, "WithExpiresBy: given twice"},
		{"nbf at its end", []jwtexp.IssueOption{jwtexp.WithExpiresBy(now.Add(time.Minute)), jwtexp.WithNotBefore(epoch.Add(time.Minute))}, "would never be valid"},
	} {
		token, err := newIssuer(clock).Issue(t.Context(), "alice", nil, tt.opts...)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(verdicts(err)) > 0 {
			t.Errorf("%s: got %v, %v, want an error without a verdict that has %q", tt.name, token, err, tt.want)
		}
	}
}
