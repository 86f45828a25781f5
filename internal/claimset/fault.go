package claimset

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// An Error says which application claims could not be read or written, and why. It names the fields
// of the application's structs, their types, and registered claims. It quotes nothing. Cause is the
// error of methods of the application's types, which may quote claims, or nil.
type Error struct {
	text  string
	Cause error
}

func (e *Error) Error() string { return e.text }

// A diagnosis collects the faults of the application's claims. Errors of the JSON package quote
// claims and stop at the first fault, so each claim is tried alone.
type diagnosis struct {
	faults strictjson.List
	causes []error // of methods of the application's types
}

func (d *diagnosis) addf(format string, args ...any) { d.faults.Add(fmt.Errorf(format, args...)) }

func (d *diagnosis) err() error {
	e := &Error{text: d.faults.Error(), Cause: errors.Join(d.causes...)}
	if len(d.causes) == 1 {
		e.Cause = d.causes[0]
	}
	return e
}

// v2Errors makes the JSON package return errors of its own type. The errors of encoding/json say less.
var v2Errors = jsonv1.ReportErrorsWithLegacySemantics(false)

// readFault says why dst cannot hold a claims set. err is the error of reading it.
func readFault(payload string, dst any, err error) error {
	const want = "; pass a pointer to a struct or map"
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return &Error{text: fmt.Sprintf("claims cannot be read into a %T%s", dst, want)}
	}
	var d diagnosis
	t := pointedTo(v.Type())
	if t.Kind() == reflect.Struct && !hasMethods(t) {
		d.readStruct("", payload, t)
	}
	if len(d.faults) == 0 { // a map, for example
		if exact := json.Unmarshal([]byte(payload), reflect.New(t).Interface(), readExactly, v2Errors); exact != nil {
			err = exact
		}
		m := member{kind: jsontext.KindBeginObject} // the claims set itself
		if e, ok := errors.AsType[*json.SemanticError](err); ok {
			for token := range e.JSONPointer.Tokens() {
				m = member{name: token, kind: e.JSONKind}
				break
			}
		}
		what := claimNamed(m.name)
		if m.name == "" {
			what = "the claims set"
		}
		d.misfit(m, what, "the Go type", aType(t), err)
	}
	return d.err()
}

// readStruct adds a fault for each member of an object that does not fit its field. path leads to
// the object.
func (d *diagnosis) readStruct(path, object string, t reflect.Type) {
	// The object has been read before.
	_ = strictjson.Members(object, func(name string, value *strictjson.Reader) error {
		raw, err := value.ReadValue()
		if err != nil {
			return err
		}
		alone := append(append(append(appendQuote([]byte{'{'}, name), ':'), raw...), '}')
		m := member{name, string(raw), raw.Kind()}
		if err = json.Unmarshal(alone, reflect.New(t).Interface(), readExactly, v2Errors); err != nil {
			d.readField(path, m, t, err)
		}
		return nil
	})
}

// A member is a member of the claims set, or of an object in it.
type member struct {
	name, value string
	kind        jsontext.Kind
}

func (d *diagnosis) readField(path string, m member, t reflect.Type, err error) {
	f, ok := fieldNamed(t, m.name)
	if !ok {
		d.misfit(m, claimNamed(m.name), "the Go type", aType(t), err)
		return
	}
	path = strings.TrimPrefix(path+"."+m.name, ".")
	before := len(d.faults)
	d.readParts(path, jsontext.Value(m.value), f.Type)
	if len(d.faults) == before {
		want := aType(f.Type)
		if strings.Contains(f.Tag.Get("json"), ",string") {
			want += " in a string"
		}
		d.misfit(m, fmt.Sprintf("claim %q", path), fieldOf(t, f), want, err)
	}
}

// readParts adds the faults of the structs in a value, which is read into a t. The path of an element
// ends in [], and of a member of a map in .*.
func (d *diagnosis) readParts(path string, value jsontext.Value, t reflect.Type) {
	t = pointedTo(t)
	switch isObject, isArray := value.Kind() == jsontext.KindBeginObject, value.Kind() == jsontext.KindBeginArray; {
	case hasMethods(t):
	case isObject && t.Kind() == reflect.Struct:
		d.readStruct(path, string(value), t)
	case isObject && t.Kind() == reflect.Map:
		_ = strictjson.Members(string(value), func(_ string, member *strictjson.Reader) error {
			raw, err := member.ReadValue()
			d.readParts(path+".*", raw.Clone(), t.Elem())
			return err
		})
	case isArray && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		var elements []jsontext.Value
		_ = json.Unmarshal(value, &elements)
		for _, element := range elements {
			d.readParts(path+"[]", element, t.Elem())
		}
	}
}

// claimNamed returns what errors call a claim that the application has no field for.
func claimNamed(name string) string {
	if strictjson.IsRegistered(name) {
		return fmt.Sprintf("claim %q", name)
	}
	return "a claim"
}

// fieldOf returns what errors call a field.
func fieldOf(t reflect.Type, f reflect.StructField) string {
	if t.Name() == "" { // its text would list its fields
		return "the field " + f.Name
	}
	return "the field " + f.Name + " of " + t.String()
}

// misfit adds the fault that the member m does not fit. what names the claim. where names the field
// that should hold it, and want is the type of that field.
func (d *diagnosis) misfit(m member, what, where, want string, err error) {
	e, ok := errors.AsType[*json.SemanticError](err)
	if !ok { // of a method that looks at the whole
		d.causes = append(d.causes, err)
		d.addf("%s cannot be read into %s", what, where)
		return
	}
	if e.JSONPointer != "" && e.JSONPointer.LastToken() != m.name {
		what, m.kind = "a value in "+what, e.JSONKind
	}
	is := what + " is " + strictjson.Kind(m.kind)
	switch {
	case errors.Is(err, errInexact):
		bits := 64
		if e.GoType != nil {
			bits = cmp.Or(floatBits(e.GoType), bits)
		}
		d.addf("%s is a number that a float%d cannot hold exactly, and %s is %s; use an int64 or a json.Number", what, bits, where, want)
	case e.GoType != nil && readsItself(reflect.New(e.GoType).Interface()) && e.Err != nil:
		d.causes = append(d.causes, e.Err)
		d.addf("%s that %v rejects (%s)", is, e.GoType, where)
	case m.kind == jsontext.KindNumber && e.Err != nil && (reflect.Zero(e.GoType).CanInt() || reflect.Zero(e.GoType).CanUint()):
		d.addf("%s that %s cannot hold (%s)", is, aType(e.GoType), where)
	default:
		d.addf("%s, and %s is %s", is, where, want)
	}
}

// writeFault says why app cannot be written. err is the error of writing it.
func writeFault(app any, err error) error {
	var d diagnosis
	v := reflect.Indirect(reflect.ValueOf(app))
	if v.Kind() == reflect.Struct && !hasMethods(v.Type()) {
		for _, f := range fieldsOf(v.Type()) {
			field, err := v.FieldByIndexErr(f.Index)
			if err != nil { // in an embedded nil pointer
				continue
			}
			if _, err := json.Marshal(field.Interface(), strictV1, v2Errors); err != nil {
				d.unwritable(fieldOf(v.Type(), f), err)
			}
		}
	}
	if len(d.faults) == 0 {
		if _, err2 := json.Marshal(app, strictV1, v2Errors); err2 != nil {
			err = err2
		}
		d.unwritable(fmt.Sprintf("a value in the application claims of type %T", app), err)
	}
	return d.err()
}

// unwritable adds a fault of what cannot be written.
func (d *diagnosis) unwritable(what string, err error) {
	e, ok := errors.AsType[*json.SemanticError](err)
	_, isSyntax := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case ok && e.GoType != nil && writesItself(reflect.New(e.GoType).Interface()) && e.Err != nil:
		d.causes = append(d.causes, e.Err)
		d.addf("%s has a method that fails, or that does not write strict JSON in UTF-8", what)
	case errors.Is(err, jsontext.ErrNonStringName):
		d.addf("%s has a map whose keys JSON cannot hold", what)
	case isSyntax:
		d.addf("%s is not strict JSON in UTF-8, or has duplicate names", what)
	case !ok:
		d.causes = append(d.causes, err)
		d.addf("%s has a method that fails", what)
	case e.GoType != nil && floatBits(e.GoType) > 0:
		d.addf("%s is NaN or infinite, which JSON cannot hold", what)
	case e.GoType != nil:
		d.addf("%s has %s, which JSON cannot hold", what, aType(e.GoType))
	default:
		d.addf("%s cannot be written as JSON", what)
	}
}

// fieldsOf returns the fields of a struct that are members in JSON. Only errors use it.
func fieldsOf(t reflect.Type) (fields []reflect.StructField) {
	for _, f := range reflect.VisibleFields(t) {
		isEmbedded := f.Anonymous && f.Tag.Get("json") == ""
		if f.IsExported() && !isEmbedded && f.Tag.Get("json") != "-" && !isInNamed(t, f) {
			fields = append(fields, f)
		}
	}
	return fields
}

// isInNamed reports whether a field belongs to an embedded struct that is a member itself.
func isInNamed(t reflect.Type, f reflect.StructField) bool {
	for i := 1; i < len(f.Index); i++ {
		if t.FieldByIndex(f.Index[:i]).Tag.Get("json") != "" {
			return true
		}
	}
	return false
}

// fieldNamed returns the field that a member is read into.
func fieldNamed(t reflect.Type, name string) (_ reflect.StructField, ok bool) {
	for _, f := range fieldsOf(t) {
		tagged, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if cmp.Or(tagged, f.Name) == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// pointedTo returns t, or what it points to.
func pointedTo(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// aType returns the name of a type with its article. It leaves out the fields of a struct without a
// name.
func aType(t reflect.Type) string {
	if t.Kind() == reflect.Struct && t.Name() == "" {
		return "a struct"
	}
	if name := t.String(); strings.ContainsRune("aeiou", rune(name[0])) && !strings.HasPrefix(name, "uint") {
		return "an " + name
	}
	return "a " + t.String()
}
