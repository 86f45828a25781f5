//go:build race

package fleet_test

// The race detector slows coroutines down, and a world has one thread. So few seeds suffice.
func init() { *seeds, *thefts = 30, 40 }
