//go:build goexperiment.jsonv2

package claimset

import "github.com/go-json-experiment/json"

// numberOptions is empty: from Go 1.27 on the JSON package is encoding/json's
// own.
var numberOptions = json.JoinOptions()
