package strictjson

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxFaults limits the faults that an error names.
const maxFaults = 8

// maxChecked limits the members that Faults checks, because the author of a forged header chooses
// how many there are.
const maxChecked = 100

// A List collects faults.
type List []error

// Add adds a fault, or nothing if err is nil.
func (l *List) Add(err error) {
	if err != nil {
		*l = append(*l, err)
	}
}

// Err returns nil for an empty List, a single fault as it is, and otherwise an error that wraps all
// faults.
func (l *List) Err() error {
	switch len(*l) {
	case 0:
		return nil
	case 1:
		return (*l)[0]
	}
	return l
}

// Error joins the texts of the first faults, and says how many more there are.
func (l *List) Error() string {
	var texts []string
	for _, err := range (*l)[:min(len(*l), maxFaults)] {
		texts = append(texts, err.Error())
	}
	if more := len(*l) - maxFaults; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the faults.
func (l *List) Unwrap() []error { return *l }

// Rules say what the members of an object must be.
type Rules struct {
	Noun     string                    // what a member is, such as "claim"
	Check    func(object string) error // reads an object that has one member
	Required string                    // the name of a member that must be there, or ""
	Missing  error                     // the fault if it is not
}

// Faults returns every fault of an object for which the error err was found. It reads the text
// several times.
func (r Rules) Faults(text string, err error) error {
	members, form := split(text)
	if form != nil {
		return form
	}
	var all List
	times := make(map[string]int)
	for i, m := range members {
		if times[m.name]++; times[m.name] == 2 {
			all.Add(duplicate(r.Noun, m.name))
		}
		if i < maxChecked {
			all.Add(r.Check(m.object))
		}
	}
	if r.Required != "" && times[r.Required] == 0 {
		all.Add(r.Missing)
	}
	if len(all) == 0 {
		return err
	}
	return all.Err()
}

// Alone returns the members that Faults checks, each as an object with this member only.
func Alone(text string) (objects []string) {
	members, _ := split(text)
	for _, m := range members[:min(len(members), maxChecked)] {
		objects = append(objects, m.object)
	}
	return objects
}

// A member is a member of an object. object is an object with this member only.
type member struct{ name, object string }

// split returns the members of an object that may have duplicate names and invalid Unicode.
func split(text string) (members []member, err error) {
	if isTooDeep(text) {
		return nil, errTooDeep
	}
	if kind, rest, err := readValue(text, lenient); err != nil || kind != jsontext.KindBeginObject || strings.Trim(rest, whiteSpace) != "" {
		return nil, explain(text)
	}
	dec := jsontext.NewDecoder(strings.NewReader(text), lenient)
	dec.ReadToken()
	for dec.PeekKind() != jsontext.KindEndObject {
		quoted, _ := dec.ReadValue()
		name, _ := jsontext.AppendUnquote(nil, quoted)
		object := "{" + string(quoted) + ":"
		value, _ := dec.ReadValue()
		members = append(members, member{string(name), object + string(value) + "}"})
	}
	return members, nil
}
