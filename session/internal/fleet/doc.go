// Package fleet simulates a service with sessions, its clients and thieves. It has only tests. A
// seed draws a world: the policy, several instances of session.Manager with clocks of their own,
// one store, browsers, apps, thieves and failovers. Nothing sleeps: a world is a queue of events in
// virtual time. A call that waits for the store is a coroutine, so that calls overlap in any order.
//
//	go test ./session/internal/fleet                                  # a few seeds
//	go test ./session/internal/fleet -v -run TestFleet -seeds 100000  # 4 minutes with 2 cores
//	go test ./session/internal/fleet -v -run TestFleet -seed 7        # only this seed
//	go test ./session/internal/fleet -v -run TestThefts -thefts 2000  # how long thieves last
//
// # The world
//
//   - Two clocks differ by at most D, 10 seconds or less. An answer, with the time in the server,
//     takes at most A, and a request at most Q. A + Q + D is Grace, without slack. Messages
//     overtake each other, and often take as long as they may.
//   - A browser has one cookie jar and up to 4 tabs, and refreshes at each page load. The jar takes
//     each cookie that comes, also an old one that comes late, unless it is the one that was sent.
//   - An app renews when 8 to 9 tenths of its access token's lifetime are over. It sometimes
//     retries before an answer can come. It takes an answer only while it still has the refresh
//     token that it sent.
//   - One in 200 answers is lost, in some seeds up to three in ten. After three in ten lost answers
//     the client is silent, from a minute up to 3 days. Otherwise it retries.
//   - The store and WithClaims fail, before and after their effect. A driver repeats a step.
//     Clients hang up. In some seeds, a call stalls in the server for longer than Grace.
//   - A failover sets the store back by up to 5 minutes: it loses Advances, and no Create or End.
//     It comes soon after an Advance, so that messages are on their way.
//   - Users log out, an administrator ends all sessions of a user, and WithClaims returns ErrEnd.
//   - Each instance has a Watcher and a Verifier. The holders of an access token use it on any
//     instance, until after its exp. The last poll before is a second old at most, unless the feed is
//     down: for seconds or minutes, often since just before a logout. Some polls fail after a page.
//     Pages are short, and a failover makes cursors unknown.
//   - A thief copies the refresh token of a client, or finds one in a log of requests. Then the
//     thief refreshes once, at any time, like the client, in turns with it, soon after it, many
//     times at once, or with any of the refresh tokens so far. A thief steals once.
//
// # Invariants
//
// A ledger notes what the store did, and what the clients sent and got. Each answer is checked
// against it. Times are read from the clock of the instance.
//
//  1. No honest client is refused without a cause, and no session outlives the policy. These are
//     the causes: the policy; End, EndAll, EndSession or ErrEnd; a thief who has refreshed; or a
//     lost answer and then silence for longer than Recovery - 3 Grace. The 3 Grace are for an
//     answer without a refresh token, for the ways of the messages, and for clock skew. A call that
//     stalls counts as a lost answer. Three more causes are listed below.
//  2. There is one chain. Each Advance goes on from the current generation. An answer has the
//     current refresh token. It is given only for the current one and for the one that the client
//     had at the last Advance, less than Recovery ago. A generation has one refresh token, unless
//     the store was set back.
//  3. The owner and a thief take turns when one refreshes more than twice Grace + D after the answer
//     to the other. D is part of it, because an Advance with a clock that is ahead makes the refresh
//     token young for longer. Start counts as a refresh of the owner. The fourth turn ends the
//     session, and two turns later for each answer that a party did not get since the first turn. If
//     the thief uses only the newest refresh token, the third turn ends it. If one refreshes earlier
//     after the other, the count starts again. Sessions that were set back are not counted.
//  4. When End has taken effect, no later Refresh succeeds, and nothing is written. A client who
//     hangs up can't stop the End after reuse.
//  5. The store has one record for each session that has not ended. If the clocks agree and the
//     store was not set back, it writes a session at most once in twice Grace.
//  6. ErrUnavailable has a cause: an outage, a client who hung up, or a call that took longer than
//     Grace. If the session's End passes during a call, that is a cause, too. A call that took
//     longer than Grace has no answer.
//  7. An instance rejects the access tokens of a session from its first poll on that began after the
//     end, until their exp, and so does the instance that ended the session from the return of End on.
//     Until then it accepts them: for a second, and in an outage of the feed for WithOutageLimit after
//     its last good poll. Later, the answer is ErrUnavailable, unless it knows of the end.
//  8. The access tokens of a session that goes on are accepted, and an outage of the feed shows only
//     from WithOutageLimit on.
//
// # What logs honest clients out beyond the contract
//
// The simulation found these, and counts them by these names.
//
//   - "failover that lost a recovery": an answer was lost, its refresh token P was presented again
//     after Grace, and a failover loses this Advance. If the client had the answer, its next
//     refresh restores the generation, but not that P was presented last. Then a request with P
//     that is still on its way is reuse. If the client did not have the answer, Recovery counts
//     from the Advance before.
//   - "failover, then silence": after a failover, a generation has a second refresh token, which
//     differs in its expiry. So a cookie jar takes a late answer to a refresh token that it has
//     replaced meanwhile. It is silent for longer than Recovery, which is short or NoRecovery.
//   - "stall": a call waits for the store for longer than Grace, and meanwhile its refresh token is
//     replaced twice. When it goes on, it finds reuse and ends the session.
//
// # What was broken
//
// TestStoreFaultsAreFound and TestFeedFaultsAreFound have stores and feeds that break their contract.
// These changes to the library were made by hand, and the default run found them by these invariants:
//
//   - replace from Grace on: 5, 1
//   - yield the successor until twice Grace: 2, 1; at any age: 2, 3
//   - recover instead of an answer without a refresh token: 5
//   - recover without skipping the successor: 1, 3; from the presented generation: 6
//   - no recovery: 1; recovery for ever: 2
//   - answer a generation before Previous: 2, 3
//   - restore with Presented as the generation: 1; take a newer generation as reuse: 1
//   - ignore the refresh token's expiry after a failover: 1; ignore Idle: 1
//   - reuse or ErrEnd without an End: 1, 3; an End that ends with the caller's context: 4
//   - answer from a record that did not move: 2; do not decide again: 6
//   - answer with the refresh token that was sent: 2
//   - answer later than Grace: 6
//   - drop earlier news at a poll; take a failed poll as a good one; take any knowledge as fresh;
//     answer from memory if a poll fails; twice WithOutageLimit; no poll after an End: 7
package fleet
