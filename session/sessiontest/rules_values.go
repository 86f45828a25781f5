package sessiontest

import (
	"crypto/rand"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/jwtexp/jwtexp/session"
)

// valueRules are about the values that a store must keep.
var valueRules = []rule{
	{"claims are kept byte for byte", "store Claims as bytes, with room for 4 KiB; a JSON type of a database changes order, numbers and escapes, and adds spaces", func(p *probe) {
		for _, claims := range []string{
			`{}`,
			longestClaims,
			`{"b":1.50,"a":[null,true,{"d":-0,"c":{}}],"":""}`,
			`{"nul":"\u0000","html":"<&>","slash":"\/","escaped":"\ud83d\ude00\u003c","emoji":"😀","line":"\u2028"}`,
			`{"n":123456789012345678901234567890,"e":1e400,"E":1E+05}`,
		} {
			r := newRecord()
			r.Claims = []byte(claims)
			p.create(r)
			p.wantFound(r)
			s := newStep(r)
			got, _, _ := p.advance(r.ID, s)
			p.wantRecord("Advance", got, advanced(r, s))
		}
	}},
	{"subjects and labels are any UTF-8", "store text as bytes or in a binary collation, with room for 255 bytes; escape nothing away, and cut nothing off", func(p *probe) {
		for _, pattern := range texts {
			r := newRecord()
			r.Subject, r.Label = fill(pattern), pattern
			p.create(r)
			p.wantFound(r)
			p.wantList(r.Subject, start, r)
			if ids := p.endAll(r.Subject, start, farOff); len(ids) != 1 || ids[0] != r.ID {
				p.faultf("EndAll of the subject %s: got %q, want its session", quote(r.Subject), ids)
			}
		}
	}},
	{"subjects that look alike are different", "compare the bytes of subjects: no case folding, no Unicode normalization, no trimming, no patterns", func(p *probe) {
		for _, pair := range [][2]string{
			{"#alice", "#Alice"}, {"#ß", "#ss"}, {"#ı", "#i"},
			{"#", "# "}, {"#", " #"}, {"#", "#\n"}, {"#", "#\x00"}, {"#a\x00b", "#a\x00c"},
			{"#\u00e9", "#e\u0301"}, {"#\u212b", "#\u00c5"}, {"#A", "#Ａ"}, {"#", "#\u200b"}, {"#", "\ufeff#"}, {"#é", "#e"}, {"#😀", "#😁"},
			{"#a%", "#ab"}, {"#a_", "#ab"}, {"#a*", "#ab"}, {"#a?", "#ab"}, {"#[ab]", "#a"}, {`#\a`, "#a"}, {"#''", "#'"}, {"#1", "#01"},
			{"#" + strings.Repeat("x", 228) + "1", "#" + strings.Repeat("x", 228) + "2"},
		} {
			unique := rand.Text()
			a := p.storedFor(strings.Replace(pair[0], "#", unique, 1))
			b := p.storedFor(strings.Replace(pair[1], "#", unique, 1))
			p.wantList(a.Subject, start, a)
			p.wantList(b.Subject, start, b)
			p.endAll(a.Subject, start, farOff)
			p.wantFound(b)
			p.wantList(b.Subject, start, b)
		}
	}},
	{"IDs differ in case", "compare the bytes of IDs: they are base64url, so a and A are different", func(p *probe) {
		a := newRecord()
		a.ID = "aB" + a.ID[2:]
		b := newRecord()
		b.ID = "Ab" + a.ID[2:]
		p.create(a)
		p.create(b)
		p.wantFound(a)
		p.wantFound(b)
		p.end(a.ID, start, farOff)
		p.wantFound(b)
		listed := p.listed()
		p.wantListed("after End", listed, a.ID)
		if count(listed, b.ID) > 0 {
			p.faultf("End of %q: Ended lists %q, too", a.ID, b.ID)
		}
	}},
	{"generations are 32 bits without a sign", "store Generation and Previous in at least 33 bits with a sign, or 32 without", func(p *probe) {
		for _, from := range []uint32{1, math.MaxInt32 - 1, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32 - 1} {
			r := p.stored()
			s := newStep(r)
			s.From, s.Presented = from, from
			got, moved, _ := p.advance(r.ID, s)
			if !moved {
				p.faultf("Advance from generation 1, with From %d: got moved=false, want true", from)
			}
			p.wantRecord("Advance", got, advanced(r, s))
			p.wantFound(advanced(r, s))
			s.From = from - 1
			if _, moved, _ := p.advance(r.ID, s); moved {
				p.faultf("Advance from generation %d, with From %d: got moved=true, want false", from+1, s.From)
			}
		}
	}},
	{"times are kept to the millisecond, in UTC", "store times as integers of milliseconds, or in a type that keeps three digits, and convert to UTC on the way out", func(p *probe) {
		for _, ms := range []int{0, 1, 499, 500, 999} {
			now := start.Truncate(time.Second).Add(time.Duration(ms) * time.Millisecond)
			p.keepsTimes(newRecordAt(now))
		}
	}},
	{"dates go from 1970 to 9999", "store times in 64 bits of milliseconds; nanoseconds overflow in 2262, 32 bits of seconds in 2038 or 2106; take no time from a clock", func(p *probe) {
		// In this order, a store may remove what is over.
		for _, now := range []time.Time{
			time.UnixMilli(0), time.UnixMilli(1), time.Date(2000, 2, 29, 23, 59, 59, 999_000_000, time.UTC),
			time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), time.Date(2106, 2, 7, 6, 28, 16, 0, time.UTC),
			time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 28, 23, 59, 59, 999_000_000, time.UTC),
		} {
			p.keepsTimes(newRecordAt(now.UTC()))
		}
		r := newRecordAt(time.UnixMilli(0).UTC())
		r.End = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		r.Expires = r.End
		p.create(r)
		p.wantFound(r)
	}},
}

// longestClaims are as long as claims can be. All claims are strict JSON without white space, as a
// Manager writes them.
var longestClaims = `{"text":"` + strings.Repeat("x", 4096-len(`{"text":""}`)) + `"}`

// keepsTimes checks a record from Create to Ended.
func (p *probe) keepsTimes(r session.Record) {
	p.create(r)
	p.wantFound(r)
	s := newStep(r)
	got, _, _ := p.advance(r.ID, s)
	r = advanced(r, s)
	p.wantRecord("Advance", got, r)
	p.wantList(r.Subject, r.Started, r)
	until := r.Started.Add(48*time.Hour + 3*time.Millisecond)
	got, found := p.end(r.ID, s.Now, until)
	if !found {
		p.faultf("End: got found=false for a session that started at %s, want true", format(r.Started))
	}
	p.wantRecord("End", got, r)
	p.wantUntil(p.listed(), r.ID, until)
}

// texts are subjects and labels. The first # in a subject is replaced, so that it is unique.
var texts = []string{
	"#", "# ", " #", "#\n", "\t#\r\n", "#\x00", "\x00#", "#\x7f\x01\x1f", "#\ufffd", "#\ufffe\uffff", "\ufeff#", "#\U0010ffff", "#😀👩‍👩‍👧‍👦", "#e\u0301\u0323", "#שלום\u202e", "#한글",
	"#'", `#"`, "#`", `#\`, `#\n\u0000`, "#''; DROP TABLE sessions; --", "#%s%d%", "#%_*?[a-z]", "#{}:|,;$1?", "#<&>", "#NULL", "null",
	strings.Repeat(string(unicode.MaxRune), 57) + "#", "#" + strings.Repeat("\x00", 229), "#" + strings.Repeat("€", 76) + "x", "#" + strings.Repeat(" ", 229),
}

// fill returns the text with a random one of 26 bytes for the first #, or at the end.
func fill(pattern string) string {
	if !strings.Contains(pattern, "#") {
		return pattern + rand.Text()
	}
	return strings.Replace(pattern, "#", rand.Text(), 1)
}
