// Package fleet simulates services that issue and verify tokens while their keys rotate,
// and has nothing but tests. Each seed draws a fleet of some 200 nodes, their clocks, what
// their operators promise (the keyring.Schedule has no slack beyond that), outages, and what
// happens: rotations, revocations, tokens, thieves. Nothing sleeps: time is that of a bubble
// of testing/synctest.
//
//	go test ./internal/fleet                           # a few seeds
//	go test ./internal/fleet -run TestFleet -seeds 300
//	go test ./internal/fleet -run TestFleet -seed 7    # that one
//
// # What is promised
//
//   - Two clocks differ by D at most, those of a node before and after a step too. A
//     verifier's leeway is w at most, and a fetch takes n at most.
//   - Schedule.Leeway is w + D + n: what a verifier asks for at the very end of a token's
//     life has to be there when the fetch arrives.
//   - Every ring has a change of the entries after B = 2 × the time between two loads + the
//     longest outage of the storage + 2 × the lag of its replicas. An instance may read an
//     older state after a newer one, within that lag, and does not load it.
//   - A Remote's set is as old as F at most while fetching works: the maximum of its freshness,
//     or half of Propagation, which is what the ring publishes, where that is less.
//   - Schedule.Propagation is B + F + n + 2 × D + the Remote's interval + the longest
//     outage of the host.
//   - Where the storage fails for longer, B and Propagation count from the end of that, and
//     tokens that are issued meanwhile are not judged by 1 and 5. Where the host fails for
//     longer, nothing changes.
//   - A verifier whose clock is off by more than D breaks 1 and 5; all else it keeps, by its
//     own reading.
//
// # What must hold
//
// Each verification is held against these, the reading being that of the verifier:
//
//  1. No good token is refused before exp + its verifier's leeway. A ring accepts it; a
//     Remote may say ErrUnavailable where its last attempt to fetch failed, and it has no
//     set yet, or one past the outage limit, or one that lacks the token's key and was
//     fetched when not every publisher knew of that: within B after it was rotated in, or
//     Propagation after the next was revoked. A caller that gave up is not answered.
//     Two promises wait for Propagation to pass, since a revocation does not: that a key
//     is known which signs ahead of its time, as the one before was revoked; and that
//     the one before is trusted for longer, as the next was revoked.
//  2. None is accepted at exp + leeway or later, and none is ErrExpired before.
//  3. A revoked key is dead, also for tokens in a cache: at once in the ring that revoked
//     it, and in others as soon as they have loaded it. A
//     Remote trusts only the keys of its last good set. It serves that for less than F by
//     its clock (and the interval before the fetch, where its clock stepped back), and for
//     less than the outage limit where an attempt has failed since, no longer ago than the
//     interval and the timeout, or while the caller waited. So a revoked key is dead after
//     B + F + D, or, in an outage, B + the outage limit + D. A ring that has no other key
//     publishes an empty set, which is a failed attempt.
//  4. A Remote has one fetch under way at most; between the beginnings of two lie the
//     interval or the minimum of the freshness, whichever is less, unless its clock was
//     stepped between them. In a time T it fetches at most this often: 1, and T / (3/4 of
//     that minimum), and the failed attempts, and the steps of its clock, and the tokens
//     of unknown keys, of which no more count than T / the interval.
//  5. A late client hears ErrExpired from a ring: until exp + w + Grace.
//  6. What is minted with a stolen key that has retired, and expires later than the key's
//     own tokens can, is ErrInvalid to a ring that has loaded the retirement. Such a key is
//     not published past its last token's exp + Schedule.Leeway, by the publisher's clock;
//     a Remote forgets it as it forgets a revoked one. A key that does not exist is never good.
//  7. An issuer can sign, unless the only key was revoked. Rotate does not fail.
//  8. What the rotator stores can be loaded, and rings that have loaded the same answer the
//     same.
//
// The program in folder break puts faults into the ring and the Remote, and shows that
// these find them.
package fleet
