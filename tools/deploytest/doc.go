// Package deploytest checks the expressions of deploy/prometheus and deploy/grafana
// with Prometheus' own parser. It contains only tests.
package deploytest
