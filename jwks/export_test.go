package jwks

// OwnTransport is the default transport, to be told which servers to trust.
var OwnTransport = ownTransport
