package strictjson

// fewNames is how many names a nameSet has room for: one more than a simple object
// has colons, since a name is added before its colon is read.
const fewNames = 32

// A nameSet finds the name that comes twice in an object with few members.
type nameSet struct {
	bits  uint64 // one for each name; a name whose bit is not set is new
	spans [fewNames]span
	n     int
}

// A span is a piece of a text, which it keeps no hold of.
type span struct{ start, end int }

func (s span) of(text string) string { return text[s.start:s.end] }

func (set *nameSet) reset() { set.bits, set.n = 0, 0 }

// add reports whether name, which stands at s in text, is another than all before.
func (set *nameSet) add(text, name string, s span) bool {
	bit := uint64(1) << sketch(name)
	if set.bits&bit != 0 {
		for _, earlier := range set.spans[:set.n] {
			if earlier.of(text) == name {
				return false
			}
		}
	}
	set.bits |= bit
	set.spans[set.n] = s
	set.n++
	return true
}

// sketch makes a number below 64 of a name. It is chosen so that no other common
// claim has the sketch of a registered one.
func sketch(name string) uint {
	if name == "" {
		return 0
	}
	return (10*uint(len(name)) + 4*uint(name[0]) + uint(name[len(name)-1])) % 64
}
