//go:build goexperiment.jsonv2

package claimset

import "github.com/go-json-experiment/json"

// In Go 1.27 the JSON package is part of encoding/json and knows json.Number.
var (
	numberMarshalers   *json.Marshalers
	numberUnmarshalers *json.Unmarshalers
	numberOptions      = json.JoinOptions() // a nil *json.Marshalers must not be an option
)
