// Package deploytest checks, with the parser that Prometheus itself uses, the
// expressions of deploy/prometheus and deploy/grafana. It has tests only.
package deploytest
