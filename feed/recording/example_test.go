package recording_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"corrgraph/feed/recording"
)

// The format of the input is detected by content. Any number of files, plain, gzip, bzip2,
// zstd or tar, are merged the same way.
func Example() {
	const ticks = `{"ts_source":"2026-08-06T18:00:02Z","bookmaker":"fanduel","event_id":"game-1","market":"h2h","selection":"home","price":1.95}
{"ts_source":"2026-08-06T18:00:00Z","bookmaker":"draftkings","event_id":"game-1","market":"h2h","selection":"home","price":1.90}
`
	stream, err := recording.Open(context.Background(), []string{"-"}, recording.Options{Stdin: strings.NewReader(ticks)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stream.Close()
	for {
		b, err := stream.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(b.At, b.Updates[0].Venue, b.Updates[0].Quotes[0].Price)
	}
	fmt.Println("problems:", stream.Errors())
	// Output:
	// 2026-08-06T18:00:00Z draftkings 1.9
	// 2026-08-06T18:00:02Z fanduel 1.95
	// problems: []
}
