//go:build goexperiment.jsonv2

package claimset

import "github.com/go-json-experiment/json"

// numberOptions is empty: in Go 1.27 the JSON package is part of encoding/json.
var numberOptions = json.JoinOptions()
