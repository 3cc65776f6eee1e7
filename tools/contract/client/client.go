// Package client is the place of the generated client during the contract check: it
// is generated each time from the OpenAPI document of a running instance, into a
// temporary folder overlaid on this one, and never kept.
package client

import _ "github.com/oapi-codegen/runtime" // used by the generated client
