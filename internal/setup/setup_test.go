package setup_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/internal/setup"
)

func TestErrNamesEveryFault(t *testing.T) {
	s := setup.New("p: New")
	if err := s.Err(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	s.Fault("good", nil)
	s.Fault("size", errors.New("0 is not positive"))
	options := []any{"WithA", nil, "WithB", "WithA"}
	setup.Apply(s, options, func(o any) { s.Option(o.(string), nil) })
	s.Option("WithC", errors.New("nil"))

	want := "p: New: size: 0 is not positive\n" +
		"p: New: options: a nil option\n" +
		"p: New: WithA: given twice\n" +
		"p: New: WithC: nil"
	if diff := cmp.Diff(want, s.Err().Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !errors.Is(s.Err(), setup.ErrGivenTwice) || !errors.Is(s.Err(), setup.ErrNilOption) {
		t.Error("got an error that wraps no fault, want all of them wrapped")
	}
}

func TestIsNil(t *testing.T) {
	for _, v := range []any{nil, (*int)(nil), (func())(nil), map[string]int(nil), []int(nil), (chan int)(nil)} {
		if !setup.IsNil(v) {
			t.Errorf("%T: got false, want true", v)
		}
	}
	for _, v := range []any{0, "", new(int), func() {}, []int{}, struct{}{}} {
		if setup.IsNil(v) {
			t.Errorf("%T: got true, want false", v)
		}
	}
}

func TestCheckLifetime(t *testing.T) {
	for d, good := range map[time.Duration]bool{
		time.Second: true, 90 * time.Second: true,
		0: false, -time.Second: false, time.Second - 1: false, 1500 * time.Millisecond: false,
	} {
		if err := setup.CheckLifetime(d); (err == nil) != good {
			t.Errorf("%v: got %v, want it accepted: %t", d, err, good)
		}
	}
}
