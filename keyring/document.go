package keyring

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A document is what a Rotator stores: a State with the key of each entry.
type document struct {
	Generation uint64        `json:"generation"`
	Entries    []storedEntry `json:"entries"`
}

type storedEntry struct {
	Entry
	keyText
}

// A keyText is the text of a key: PEM of a private key (PKCS #8) or a public key (SPKI), or base64
// of a secret. It is empty for a revoked key.
type keyText struct {
	Algorithm jwtexp.Algorithm `json:"alg,omitempty"` // per key, because the Rotator's may change
	Text      string           `json:"key,omitempty"`
}

const restoreText = "restore the text from a backup"

// parseDocument returns the document in a stored text. It has no entries only if text is nil. No
// error quotes the text, which has keys in it.
func parseDocument(text []byte) (*document, error) {
	d := new(document)
	if text == nil {
		return d, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields() // such as a misspelled "revoked"
	switch {
	case !json.Valid(text):
		return nil, fmt.Errorf("the stored text is not JSON, or not all of it; %s", restoreText)
	case decoder.Decode(d) != nil:
		return nil, fmt.Errorf("the stored JSON has a member that a Rotator does not know, or a value of the wrong type; %s", restoreText)
	case len(d.Entries) == 0:
		return nil, fmt.Errorf("the stored JSON has no entries; %s", restoreText)
	}
	return d, nil
}

func (d *document) text() ([]byte, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

func (d *document) equal(other *document) bool {
	return d.Generation == other.Generation && slices.Equal(d.Entries, other.Entries)
}

func (d *document) state() State {
	s := State{Generation: d.Generation}
	for _, e := range d.Entries {
		s.Entries = append(s.Entries, e.Entry)
	}
	return s
}

// key returns the key with an ID, for Ring.load.
func (d *document) key(id string) (jwtexp.Key, error) {
	i := slices.IndexFunc(d.Entries, func(e storedEntry) bool { return e.ID == id })
	key, err := d.Entries[i].parse()
	if err != nil {
		cause := cmp.Or(errors.Unwrap(err), err) // without "jwtexp: key: "
		return jwtexp.Key{}, fmt.Errorf("its stored text is damaged: %w; restore it from a backup, or revoke the key", cause)
	}
	return key, nil
}

// update takes over the entries of ring and drops what no instance needs at now: the text of a
// revoked key, and the private half of a key whose last token has expired. The two newest keys keep
// their private halves, because this clock may be ahead of the clocks of other instances.
func (d *document) update(ring *Ring, now time.Time) {
	texts := make(map[string]keyText)
	for _, e := range d.Entries {
		texts[e.ID] = e.keyText
	}
	state := ring.State()
	*d = document{Generation: state.Generation}
	newer := 0 // keys that are not revoked
	for _, e := range state.Entries {
		if e.Revoked.IsZero() {
			newer++
		}
	}
	for _, e := range state.Entries {
		text := texts[e.ID]
		if e.Revoked.IsZero() {
			newer--
		}
		switch {
		case !e.Revoked.IsZero():
			text = keyText{}
		case newer > 1 && !now.Before(ring.schedule.notAfter(&e)):
			text = text.publicHalf()
		}
		d.Entries = append(d.Entries, storedEntry{e, text})
	}
}

// parse returns the key. No error quotes its text, not even if that stands in the place of alg.
func (t keyText) parse() (jwtexp.Key, error) {
	switch {
	case keyPairs[t.Algorithm] != nil:
		return jwtexp.ParsePEM(t.Algorithm, []byte(t.Text))
	case secretSizes[t.Algorithm] == 0:
		return jwtexp.Key{}, errors.New("alg is missing or unknown")
	}
	secret, err := base64.StdEncoding.DecodeString(t.Text)
	if err != nil {
		return jwtexp.Key{}, errors.New("the secret is not in base64")
	}
	return jwtexp.NewSecretKey(t.Algorithm, secret)
}

// publicHalf returns the text of the public half. A secret has none and stays, and so does a
// damaged text.
func (t keyText) publicHalf() keyText {
	key, err := t.parse()
	if err != nil || key.PublicKey() == nil {
		return t
	}
	der, err := x509.MarshalPKIXPublicKey(key.PublicKey())
	if err != nil {
		return t
	}
	return keyText{t.Algorithm, pemText("PUBLIC KEY", der)}
}

func pemText(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}
