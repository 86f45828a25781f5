package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoginAccepted(t *testing.T) {
	d := startDemo(t)
	full := `{"user_id":1}` + strings.Repeat(" ", 4096)
	tests := []struct{ name, body string }{
		{"plain", `{"user_id":1}`},
		{"white space", " \r\n\t{ \"user_id\" : 1 }\n"},
		{"other members", `{"password":"x","user_id":1,"user":{"user_id":2},"list":[1,{},[]],"null":null}`},
		{"a member in another case", `{"user_id":1,"USER_ID":2}`},
		{"an escaped name", `{"user\u005fid":1}`},
		{"one name in two objects", `{"user_id":1,"a":{"x":1},"b":{"x":1}}`},
		{"nested a thousand deep", `{"user_id":1,"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`},
		{"4 KiB", full[:4096]},
	}
	for _, tt := range tests {
		token := logIn(t, d.URL, tt.body)
		if diff := cmp.Diff(alice, get(t, d.URL, "Bearer "+token)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestLoginRejected(t *testing.T) {
	d := startDemo(t)
	full := `{"user_id":1}` + strings.Repeat(" ", 4096)
	tests := []struct {
		status int
		error  string
		bodies []string
	}{
		{400, "Invalid user_id", []string{
			`{}`, `{"user_id":null}`, `{"user_id":0}`, `{"user_id":-0}`, `{"user_id":-1}`, `{"user_id":1.5}`, `{"user_id":1.0}`, `{"user_id":1e0}`,
			`{"user_id":"1"}`, `{"user_id":""}`, `{"user_id":true}`, `{"user_id":false}`, `{"user_id":[1]}`, `{"user_id":[]}`, `{"user_id":{"user_id":1}}`,
			`{"user_id":9223372036854775808}`, `{"user_id":18446744073709551617}`, `{"user_id":1e999}`,
			`{"User_ID":1}`, `{"USER_ID":1}`, `{"user_id ":1}`, `{"uſer_id":1}`,
		}},
		{400, "Body is not valid JSON", []string{
			``, ` `, "\r\n\t",
			`{`, `}`, `[`, `]`, `{"`, `{"user_id"`, `{"user_id":`, `{"user_id":1`, `{"user_id":1,`, `{"user_id":1,}`, `{"user_id":1]`, `{"user_id" 1}`,
			`{"user_id":1 "x":2}`, `{,}`, `{,"user_id":1}`, `{:1}`, `{1:1}`, `{null:1}`, `{user_id:1}`, `{'user_id':1}`, `{[]:1}`, `{{}:1}`,
			`{"user_id":01}`, `{"user_id":+1}`, `{"user_id":.5}`, `{"user_id":1.}`, `{"user_id":NaN}`, `{"user_id":nul}`, `{"user_id":"\x"}`, "{\"user_id\":\"\n\"}",
			`{"user_id":1,"x":[1,]}`, `{"user_id":1,"x":[,1]}`, `{"user_id":1,"x":[1 2]}`, `{"user_id":1,"x":[1}}`, `{"user_id":1,"x":[:1]}`,
			"\ufeff" + `{"user_id":1}`, `user_id=1`, strings.Repeat("[", 4096), `{"user_id":1 /* one */}`,
			`{"user_id":1}{"user_id":1}`, `{"user_id":1} {"user_id":2}`, `{"user_id":1} 1`, `{"user_id":1},`, `{"user_id":1}}`, `{"user_id":1}]`, `{"user_id":1}x`, `[][]`,
			"{\"user_id\":1,\"x\":\"\xff\"}", "{\"user_id\":1}\x80", "{\"user_id\":1,\"x\":\"\xed\xa0\x80\"}", // not UTF-8
		}},
		{400, "Body is not a JSON object", []string{`[1]`, `[]`, `[{"user_id":1}]`, `"x"`, `"user_id"`, `1`, `null`, `true`}},
		{400, "Body has a duplicate member", []string{
			`{"user_id":1,"user_id":2}`, `{"user_id":1,"user_id":1}`, `{"user_id":1,"user\u005fid":2}`, `{"user_id":null,"user_id":1}`,
			`{"user_id":1,"x":1,"x":1}`, `{"user_id":1,"":1,"":1}`, `{"user_id":1,"x":{"a":1,"a":2}}`, `{"user_id":1,"x":[[{"a":1,"a":2}]]}`,
			`[{"a":1,"a":2}]`,
		}},
		{413, "Body is larger than 4 KiB", []string{full[:4097], full, strings.Repeat("[", 4097)}},
	}
	for _, tt := range tests {
		want := jsonReply(tt.status, `{"error":"`+tt.error+`"}`)
		for _, body := range tt.bodies {
			if diff := cmp.Diff(want, post(t, d.URL, body)); diff != "" {
				t.Errorf("%.60q: (-want +got)\n%s", body, diff)
			}
		}
	}
}

func TestLoginContentType(t *testing.T) {
	d := startDemo(t)
	rejected := jsonReply(415, `{"error":"Content-Type must be application/json"}`)
	tests := []struct {
		contentType string
		accepted    bool
	}{
		{"application/json", true},
		{"application/json; charset=utf-8", true},
		{"Application/JSON", true},
		{"", false},
		{"text/plain", false},
		{"application/x-www-form-urlencoded", false},
		{"application/jsonp", false},
		{"application/json; charset", false},
		{"application/json, text/plain", false},
		{"json", false},
	}
	for _, tt := range tests {
		r := request(t, "POST", d.URL+"/login", strings.NewReader(`{"user_id":1}`))
		if tt.contentType != "" {
			r.Header.Set("Content-Type", tt.contentType)
		}
		switch got := send(t, r); {
		case tt.accepted && got.Status != 200:
			t.Errorf("%q: got %+v, want 200", tt.contentType, got)
		case !tt.accepted && got != rejected:
			t.Errorf("%q: got %+v, want %+v", tt.contentType, got, rejected)
		}
	}
}

// The limit applies to a body of unknown length, too.
func TestLoginChunked(t *testing.T) {
	d := startDemo(t)
	body := struct{ io.Reader }{strings.NewReader(`{"user_id":1}` + strings.Repeat(" ", 4096))}
	r := request(t, "POST", d.URL+"/login", body)
	r.Header.Set("Content-Type", "application/json")
	if diff := cmp.Diff(jsonReply(413, `{"error":"Body is larger than 4 KiB"}`), send(t, r)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestLoginIncompleteBody(t *testing.T) {
	d := startDemo(t)
	conn, err := net.Dial("tcp", d.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"+`{"user_id":1}`)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(jsonReply(400, `{"error":"Body is incomplete"}`), read(t, res)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
