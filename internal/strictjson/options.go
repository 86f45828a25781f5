package strictjson

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// V1 makes struct tags work as in encoding/json, and prevents that two readers of a token see
// different headers or claims: names match in exact case, duplicate names are an error, and so is
// invalid UTF-8.
var V1 = json.JoinOptions(
	jsonv1.DefaultOptionsV1(),
	json.MatchCaseInsensitiveNames(false),
	jsontext.AllowDuplicateNames(false),
	jsontext.AllowInvalidUTF8(false),
	// Escapes for HTML and JavaScript are not needed, because the JSON is encoded in base64url.
	jsontext.EscapeForHTML(false),
	jsontext.EscapeForJS(false),
)
