package session

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jwtexp/jwtexp/internal/claimset"
	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// maxPage limits a page as JSON, in bytes. The longest page without white space has 15.7 MB: 10,000
// IDs and a cursor, in which \u0000 stands for each of 255 bytes. The rest is room for white space
// and unknown members.
const maxPage = 16 << 20

// A feedPage is a page of a Feed as JSON.
type feedPage struct {
	Ended []feedEntry `json:"ended"`
	Next  string      `json:"next"`
}

type feedEntry struct {
	ID    string `json:"id"`
	Until int64  `json:"until"` // Unix seconds
}

// newFeedPage returns a page, or an error if the page breaks the bounds of a Feed.
func newFeedPage(ended []Ended, next string) (*feedPage, error) {
	page := &feedPage{make([]feedEntry, len(ended)), next}
	for i, e := range ended {
		page.Ended[i] = feedEntry{e.ID, secondsUp(e.Until)}
	}
	return page, page.check()
}

// secondsUp returns t in Unix seconds, rounded up.
func secondsUp(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// check returns an error if the page breaks the bounds of a Feed. The error does not quote the page.
func (p *feedPage) check() error {
	if len(p.Ended) > maxEntries {
		return fmt.Errorf("a page has more than %d entries", maxEntries)
	}
	for _, e := range p.Ended {
		switch {
		case e.ID == "":
			return errors.New("an entry has no ID")
		case !fits(e.ID):
			return fmt.Errorf("an ID has more than %d bytes, or is not UTF-8", maxText)
		case e.Until < 0 || e.Until > claimset.MaxNumericDate:
			return errors.New("an entry has no time in the years 1970 to 9999")
		}
	}
	if !fits(p.Next) {
		return fmt.Errorf("a cursor has more than %d bytes, or is not UTF-8", maxText)
	}
	return nil
}

func fits(text string) bool { return len(text) <= maxText && utf8.ValidString(text) }

// parseFeedPage reads the page that follows a cursor. It accepts what FeedHandler writes, and
// unknown members. Its errors do not quote the text.
func parseFeedPage(text, after string) (ended []Ended, next string, err error) {
	var page feedPage
	hasNext := false
	err = strictjson.Members(text, func(name string, value *strictjson.Reader) (err error) {
		switch name {
		case "ended":
			page.Ended, err = readEntries(value)
		case "next":
			hasNext = true
			page.Next, err = readText(name, value)
		default:
			err = value.Skip()
		}
		return err
	})
	switch {
	case err != nil:
		return nil, "", err
	case page.Ended == nil:
		return nil, "", errors.New(`"ended" is missing`)
	case !hasNext:
		return nil, "", errors.New(`"next" is missing`)
	case len(page.Ended) > 0 && (page.Next == "" || page.Next == after):
		return nil, "", errors.New(`"next" leads to no later page`)
	}
	if err := page.check(); err != nil {
		return nil, "", err
	}
	ended = make([]Ended, len(page.Ended))
	for i, e := range page.Ended {
		ended[i] = Ended{e.ID, time.Unix(e.Until, 0).UTC()}
	}
	return ended, page.Next, nil
}

// readEntries reads an array of entries. Its result is not nil, also if the array is empty.
func readEntries(value *strictjson.Reader) ([]feedEntry, error) {
	open, err := value.ReadToken()
	switch {
	case err != nil:
		return nil, err
	case open.Kind() != '[':
		return nil, errors.New(`"ended" is not an array`)
	}
	entries := []feedEntry{}
	for value.PeekKind() != ']' {
		object, err := value.ReadValue()
		if err != nil {
			return nil, err
		}
		entry, err := readEntry(string(object))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	_, err = value.ReadToken()
	return entries, err
}

func readEntry(object string) (feedEntry, error) {
	entry := feedEntry{Until: -1}
	err := strictjson.Members(object, func(name string, value *strictjson.Reader) error {
		switch name {
		case "id":
			id, err := readText(name, value)
			entry.ID = strings.Clone(id) // otherwise the ID keeps the whole object in memory
			return err
		case "until":
			number, err := value.ReadValue()
			if err != nil {
				return err
			}
			seconds, err := strconv.ParseUint(string(number), 10, 63)
			entry.Until = int64(seconds)
			if err != nil {
				return errors.New(`"until" is not an integer in digits`)
			}
			return nil
		}
		return value.Skip()
	})
	return entry, err
}

func readText(name string, value *strictjson.Reader) (string, error) {
	if kind := value.PeekKind(); kind != '"' && kind != 0 { // 0: String returns the error of the syntax
		return "", fmt.Errorf("%q is not a string", name)
	}
	return value.String()
}
