//go:build goexperiment.jsonv2 && !go1.27

package claimset

import "encoding/json/v2"

// errSkip leaves a value to the JSON package, which has an error of its own for this in Go 1.26.
var errSkip = json.SkipFunc
