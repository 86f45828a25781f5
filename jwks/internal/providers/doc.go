// Package providers follows docs/identity-providers.md to the letter. It has only tests.
//
// The tests copy each Go block of the page, with the URLs and names that the page has, into one
// program, and run the program as a process of its own. Its proxy (HTTPS_PROXY, HTTP_PROXY) is the
// test, which answers for the hosts of all providers, with certificates of an authority that the
// process trusts. The documents and tokens have the form in which the providers write them. The
// keys are the test's own.
//
// Only one text of the page is replaced: the folder of a pod's service account, which exists in
// no other place.
//
// go test does not notice when the page changes, because the page is outside the module:
//
//	go test -count=1 ./internal/providers
package providers
