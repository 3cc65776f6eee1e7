// Command contract checks a running instance against its own OpenAPI document: it
// generates a client from the document, in a temporary folder, compiles it, and lets
// it ask everything.
//
//	go run ./contract -url http://127.0.0.1:8080 -token-file FILE
//
// It sends two ticks of an event named contract-check. It needs an operator's token,
// which is read from a file, or from the environment as CORRGRAPH_TOKEN.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:8080", "where the instance answers")
	file := flag.String("token-file", "", "file that holds the token alone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *url, *file); err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, url, file string) error {
	secret := os.Getenv("CORRGRAPH_TOKEN")
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		secret = strings.TrimSpace(string(text))
	}
	dir, err := os.MkdirTemp("", "contract")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	document := filepath.Join(dir, "openapi.json")
	if err := fetch(ctx, url+"/openapi.json", document); err != nil {
		return err
	}
	generated := filepath.Join(dir, "generated.go")
	if err := command(ctx, "", "go", "tool", "oapi-codegen", "-generate", "types,client", "-package", "client", "-o", generated, document); err != nil {
		return fmt.Errorf("generating a client: %w", err)
	}
	over, err := overlay(dir, generated)
	if err != nil {
		return err
	}
	if err := command(ctx, secret, "go", "run", "-tags", "contract", "-overlay", over, "./contract/check", url); err != nil {
		return fmt.Errorf("asking with the client: %w", err)
	}
	return nil
}

// overlay writes the overlay file that puts the generated client into package
// client.
func overlay(dir, generated string) (string, error) {
	at, err := filepath.Abs(filepath.Join("contract", "client", "generated.go"))
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{at: generated}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

func fetch(ctx context.Context, url, path string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// command runs a program. The token is passed in its environment, where process
// lists do not show it.
func command(ctx context.Context, secret, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Env = append(os.Environ(), "CORRGRAPH_TOKEN="+secret)
	return c.Run()
}
