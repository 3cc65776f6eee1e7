package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// DocumentReader reads JSON texts by name; fs.ErrNotExist if there is none.
type DocumentReader interface {
	Document(ctx context.Context, name string) ([]byte, error)
}

// UnforecastBets is the name of the document that holds a money.Unforecast.
const UnforecastBets = "unforecast_bets"

// ReadDocument decodes a document; ok is false if there is none.
func ReadDocument(ctx context.Context, d DocumentReader, name string, to any) (ok bool, err error) {
	body, err := d.Document(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	if err := json.Unmarshal(body, to); err != nil {
		return false, fmt.Errorf("document %s of the store: %w (replay again to rewrite it)", name, err)
	}
	return true, nil
}
