// Command spec prints the OpenAPI document of the API, from which the dashboard's
// types are generated. It starts nothing: registering routes needs no running
// service.
package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"corrgraph/server/api"
	"corrgraph/server/guard"
	"corrgraph/server/service"
	"corrgraph/server/telemetry"
)

func main() {
	a, err := api.New(api.Options{
		Service: new(service.Service), Limiter: new(guard.Limiter), Governor: new(guard.Governor), Adaptive: new(guard.Adaptive), Writes: new(guard.Adaptive), Memory: new(guard.Memory),
		Metrics: telemetry.NewMetrics(prometheus.NewRegistry(), telemetry.Build{}), Tracing: new(telemetry.Tracing),
		Log: slog.New(slog.DiscardHandler), Clock: time.Now, Version: "1",
	})
	if err == nil {
		_, err = os.Stdout.Write(a.OpenAPI())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "spec:", err)
		os.Exit(1)
	}
}
