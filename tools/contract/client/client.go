// Package client is where the client of the HTTP API stands while the contract is
// checked: it is generated from the OpenAPI document of a running instance each
// time, into a temporary folder that is laid over this one, and never kept.
package client

import _ "github.com/oapi-codegen/runtime" // what the generated client needs
