// Package fleet simulates services that issue and verify tokens while their keys rotate. It has
// only tests. A seed draws a fleet of some 200 nodes, their clocks, what their operators promise,
// outages, and events: rotations, revocations, tokens, thieves. The keyring.Schedule has no slack
// beyond the promises. Nothing sleeps: the tests run in bubbles of testing/synctest.
//
//	go test ./internal/fleet                           # a few seeds
//	go test ./internal/fleet -run TestFleet -seeds 300
//	go test ./internal/fleet -run TestFleet -seed 7    # only this seed
//
// # What the operators promise
//
//   - Two clocks differ by at most D, and so do the readings of one clock before and after a step.
//     A verifier's leeway is at most w. A fetch takes at most n.
//   - Schedule.Leeway is w + D + n, so that a fetch for a token's last moment still finds the key.
//   - Every ring loads a change within B = 2 × the time between two loads + the longest outage of
//     the storage + 2 × the lag of its replicas. Within that lag, an instance may read an older
//     state after a newer one. It does not load the older one.
//   - While fetching works, a Remote's set is younger than F: the maximum of its freshness, or half
//     of Propagation, which the ring publishes, if that is less.
//   - Schedule.Propagation is B + F + n + 2 × D + the Remote's interval + the longest outage of the
//     host.
//   - If the storage fails for longer, B and Propagation count from the end of that outage, and
//     invariants 1 and 5 do not cover tokens issued meanwhile. If the host fails for longer, all
//     invariants still hold.
//   - If a verifier's clock is off by more than D, invariants 1 and 5 do not cover that verifier.
//     The others hold by its own clock.
//
// # Invariants
//
// Each verification is checked against these invariants. Times are read from the verifier's clock.
//
//  1. No good token is rejected before exp + the verifier's leeway. A ring accepts it. A Remote
//     may return ErrUnavailable if its last fetch failed and it has no usable set: no set, a set
//     past the outage limit, or a set without the token's key that was fetched before every
//     publisher knew of that key. That is within B after the key was rotated in, or within
//     Propagation after the next key was revoked. A caller that gave up may get ErrUnavailable,
//     too. After a revocation, two parts of this invariant hold only when Propagation has passed.
//     The first is that a key which signs early, because the signing key was revoked, is known.
//     The second is that a key which signs longer, because the next key was revoked, is trusted
//     for longer.
//  2. No token is accepted at exp + leeway or later. No token is ErrExpired before.
//  3. No token of a revoked key is accepted, cached or not: at once in the ring that revoked the
//     key, and in other rings as soon as they have loaded the revocation. A Remote trusts only
//     the keys of its last good set. It uses a set for less than F by its clock, and for the
//     interval before the fetch if its clock stepped back. It uses the set for less than the
//     outage limit if a fetch has failed since then, either while the caller waited or at most
//     the interval plus the timeout ago. So no Remote trusts a revoked key after B + F + D or, in
//     an outage, B + the outage limit + D. A ring without another key publishes an empty set,
//     which counts as a failed fetch.
//  4. A Remote runs one fetch at a time. The time between the starts of two fetches is at least
//     the interval or the minimum of the freshness, whichever is less, unless its clock stepped
//     between them. In a time T, a Remote makes at most 1 + T / (3/4 of that minimum) fetches,
//     plus one per failed fetch, per step of its clock, and per token with an unknown key. At
//     most T / the interval of these tokens count.
//  5. A ring returns ErrExpired for an expired token until exp + w + Grace.
//  6. If a thief signs with a retired key, and the token expires later than the key's own tokens
//     can, a ring that has loaded the retirement returns ErrInvalid. The key is published until
//     at most its last token's exp + Schedule.Leeway, by the publisher's clock. A Remote drops it
//     like a revoked key. A token of a key that does not exist is never good.
//  7. An issuer can sign, unless the only key was revoked. Rotate does not fail.
//  8. A ring can load what the rotator stores. Rings that have loaded the same state give the
//     same answers.
//
// The program in folder break adds faults to the ring, the Remote and the Verifier, and shows that
// the invariants detect them.
package fleet
