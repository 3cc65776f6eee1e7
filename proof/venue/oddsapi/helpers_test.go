package oddsapi_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"corrgraph/feed"
	"corrgraph/feed/frames"
	feedapi "corrgraph/feed/oddsapi"
	"corrgraph/odds"
)

func transport(dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: dial, ResponseHeaderTimeout: 15 * time.Second, IdleConnTimeout: 90 * time.Second}}
}

func unpack(t *testing.T, b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func replay(t *testing.T, recording []byte) (out []*odds.Batch) {
	err := frames.New(func() frames.Decoder { return feedapi.NewDecoder() }).Parse(t.Context(), "recording", bytes.NewReader(recording), func(b *odds.Batch) error {
		out = append(out, b)
		return nil
	}, &feed.Report{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
