//go:build !goexperiment.jsonv2 || go1.27

package claimset

import "errors"

// errSkip leaves a value to the JSON package.
var errSkip = errors.ErrUnsupported
