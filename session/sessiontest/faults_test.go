package sessiontest_test

// A fault is a mistake that a store can make.
type fault string

const (
	none fault = ""

	losesLabel      fault = "loses the label"
	noRowsIsAnError fault = "returns an error from Find of an unknown ID"

	createOverwrites  fault = "overwrites a record in Create"
	createTwiceFails  fault = "returns an error from the second Create"
	createRevives     fault = "creates what has ended"
	createChecksFirst fault = "looks at the list in Create, then inserts"

	listsExpired   fault = "lists expired sessions"
	listsAtExpires fault = "lists a session at its Expires"
	listsAPage     fault = "lists 100 sessions at most"
	allSubjects    fault = "lists the sessions of all subjects"
	findTouches    fault = "changes a record in Find"

	aRecordForEachAdvance fault = "keeps a record for each Advance"
	sharesClaimsIn        fault = "keeps the caller's Claims"
	sharesClaimsOut       fault = "returns its own Claims"

	cutsClaims        fault = "cuts claims to 1 KiB"
	claimsAsJSON      fault = "keeps claims in a JSON type"
	cutsSubject       fault = "cuts subjects to 200 bytes"
	cutsAtNUL         fault = "cuts labels at NUL"
	foldsSubjects     fault = "folds the case of subjects"
	foldsIDs          fault = "folds the case of IDs"
	signedGenerations fault = "keeps generations in 32 bits with a sign"
	cutsToSeconds     fault = "cuts times to seconds"
	inZone            fault = "returns times in another zone"
	inNanoseconds     fault = "keeps times in nanoseconds"
	anotherUTC        fault = "returns times in a zone of its own that is UTC" // which is correct

	advanceEquals          fault = "compares with == in Advance"
	advanceAlways          fault = "moves again in a repeated Advance"
	advanceIgnoresEnd      fault = "ignores End in Advance"
	advanceCreates         fault = "creates a record in Advance"
	advanceReadsFirst      fault = "reads in Advance, then writes"
	advanceUpserts         fault = "writes in Advance what was removed"
	advanceThenReads       fault = "writes in Advance, then reads"
	previousIsFrom         fault = "sets Previous to From"
	returnsTheRecordBefore fault = "returns the record from before Advance"
	refusesExpired         fault = "refuses to advance an expired record"
	refusesSteppedBack     fault = "refuses to advance when the clock has stepped back"

	endKeepsRecord    fault = "keeps the record in End"
	endListsFoundOnly fault = "lists in End only what it has found"
	endListsAgain     fault = "lists an ID again"
	endTwiceFails     fault = "returns an error from the second End"
	endReadsFirst     fault = "reads in End, then removes"
	overwritesUntil   fault = "overwrites a later until"

	endAllKeepsRecords    fault = "keeps the records in EndAll"
	endAllListsNothing    fault = "lists nothing in EndAll"
	endAllReadsFirst      fault = "reads in EndAll, then removes"
	endAllEndsAPage       fault = "ends 100 sessions at most in EndAll"
	endAllInTwoSteps      fault = "stops EndAll between removing and listing"
	ignoresExcept         fault = "ignores except"
	forgetsExpired        fault = "forgets expired sessions in EndAll"
	refusesUnknownSubject fault = "returns an error from EndAll of an unknown subject"

	sortsByID            fault = "sorts the list by ID"
	emptyPageSkips       fault = "skips an entry after an empty page"
	neverEmpty           fault = "never returns an empty page"
	skipsAtPageBorder    fault = "skips an entry between two pages"
	longPage             fault = "returns more than 10,000 entries"
	longCursor           fault = "returns a cursor of more than 255 bytes"
	binaryCursor         fault = "returns a cursor that is not UTF-8"
	cursorWithoutEpoch   fault = "takes a cursor of another store"
	refusesForeignCursor fault = "returns an error for a foreign cursor"
	trimsList            fault = "keeps the last entries only"
	numberBeforeVisible  fault = "numbers entries before they are visible"
	endAllCommitsLate    fault = "numbers the entries of EndAll long before they are visible"

	ignoresContext       fault = "ignores the context"
	createIgnoresContext fault = "ignores the context in Create"
)

// faults has the rules that find each fault.
var faults = []struct {
	fault fault
	rules []string
}{
	{losesLabel, []string{"Find returns what Create stored"}},
	{noRowsIsAnError, []string{"Find of an unknown ID returns found=false"}},

	{createOverwrites, []string{"Create does nothing if the ID is stored"}},
	{createTwiceFails, []string{"Create does nothing if the ID is stored"}},
	{createRevives, []string{"Create after End creates nothing"}},
	{createChecksFirst, []string{"Create at the same time as End leaves no record"}},

	{listsExpired, []string{"List leaves out what has expired"}},
	{listsAtExpires, []string{"List leaves out what has expired"}},
	{listsAPage, []string{"a subject may have many sessions"}},
	{allSubjects, []string{"List returns the sessions of one subject", "EndAll ends the sessions of one subject"}},
	{findTouches, []string{"Find, List and Ended change nothing"}},

	{aRecordForEachAdvance, []string{"a session is one record"}},
	{sharesClaimsIn, []string{"records that are returned are copies"}},
	{sharesClaimsOut, []string{"records that are returned are copies"}},

	{cutsClaims, []string{"claims are kept byte for byte"}},
	{claimsAsJSON, []string{"claims are kept byte for byte"}},
	{cutsSubject, []string{"subjects and labels are any UTF-8", "subjects that look alike are different"}},
	{cutsAtNUL, []string{"subjects and labels are any UTF-8"}},
	{foldsSubjects, []string{"subjects that look alike are different"}},
	{foldsIDs, []string{"IDs differ in case"}},
	{signedGenerations, []string{"generations are 32 bits without a sign"}},
	{cutsToSeconds, []string{"times are kept to the millisecond, in UTC"}},
	{inZone, []string{"times are kept to the millisecond, in UTC"}},
	{inNanoseconds, []string{"dates go from 1970 to 9999"}},

	{advanceEquals, []string{"Advance moves a record whose generation is at most From"}},
	{advanceAlways, []string{"Advance moves a record whose generation is at most From", "Advance twice is as once"}},
	{advanceIgnoresEnd, []string{"Advance sets Expires to Until, but End at most"}},
	{advanceCreates, []string{"Advance of an unknown ID does nothing"}},
	{advanceReadsFirst, []string{"one of 64 parallel Advances moves", "many callers use the store at once"}},
	{advanceUpserts, []string{"nothing moves after End has returned", "nothing moves after EndAll has returned"}},
	{advanceThenReads, []string{"nothing moves after End has returned", "nothing moves after EndAll has returned"}},
	{previousIsFrom, []string{"Advance sets Previous to Presented"}},
	{returnsTheRecordBefore, []string{"Advance moves a record whose generation is at most From"}},
	{refusesExpired, []string{"Advance moves an expired record"}},
	{refusesSteppedBack, []string{"a clock that steps back stops nothing"}},

	{endKeepsRecord, []string{"End removes the record and returns it"}},
	{endListsFoundOnly, []string{"End lists the ID, also an unknown one"}},
	{endListsAgain, []string{"End does not list an ID again"}},
	{endTwiceFails, []string{"End twice is as once"}},
	{endReadsFirst, []string{"one of several parallel Ends finds the record", "nothing moves after End has returned"}},
	{overwritesUntil, []string{"End keeps the later until"}},

	{endAllKeepsRecords, []string{"EndAll ends the sessions of one subject"}},
	{endAllListsNothing, []string{"EndAll ends the sessions of one subject"}},
	{endAllReadsFirst, []string{"Create at the same time as EndAll is before it or after it"}},
	{endAllEndsAPage, []string{"a subject may have many sessions"}},
	{endAllInTwoSteps, []string{"a context that is done during the call"}},
	{ignoresExcept, []string{"EndAll leaves the sessions in except"}},
	{forgetsExpired, []string{"EndAll removes expired sessions and does not return them"}},
	{refusesUnknownSubject, []string{"EndAll twice is as once"}},

	{sortsByID, []string{"Ended lists in the order of End"}},
	{emptyPageSkips, []string{"an empty page has a cursor that finds what comes later"}},
	{neverEmpty, []string{"Ended pages through everything"}},
	{skipsAtPageBorder, []string{"Ended pages through everything"}},
	{longPage, []string{"Ended pages through everything"}},
	{longCursor, []string{"Ended pages through everything"}},
	{binaryCursor, []string{"Ended pages through everything"}},
	{cursorWithoutEpoch, []string{"a foreign cursor starts at the beginning"}},
	{refusesForeignCursor, []string{"a foreign cursor starts at the beginning"}},
	{trimsList, []string{"Ended pages through everything"}},
	{numberBeforeVisible, []string{"a reader misses nothing while others end sessions"}},
	{endAllCommitsLate, []string{"a reader misses nothing while others end sessions"}},

	{ignoresContext, []string{"a context that is done before the call"}},
	{createIgnoresContext, []string{"a context that is done before the call"}},
}
