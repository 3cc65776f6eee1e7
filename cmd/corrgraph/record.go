package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// leave leaves a result with the service it was measured at, where it was asked
// for, with the first token, an admin's.
func (f *serverFlags) leave(ctx context.Context, kind string, passed bool, summary string, report any) error {
	if !f.Record {
		return nil
	}
	tokens, err := f.tokens()
	if err != nil {
		return err
	}
	trust, err := f.trust()
	if err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		Kind    string `json:"kind"`
		Passed  bool   `json:"passed"`
		Summary string `json:"summary"`
		Report  any    `json:"report"`
	}{kind, passed, summary, report})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(f.URL, "/")+"/v1/proofs", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if len(tokens) > 0 {
		r.Header.Set("Authorization", "Bearer "+tokens[0])
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("the result could not be recorded: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 500)) // what there is of a reason
		return fmt.Errorf("the result could not be recorded: %s: %s", answer.Status, strings.TrimSpace(string(said)))
	}
	return nil
}
