package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/version"
)

// run is one plugin process: what it was given and what it gave back.
type run struct {
	Plugin   string          `json:"plugin"`
	Command  string          `json:"command"`
	Millis   float64         `json:"millis"`
	Stdin    json.RawMessage `json:"stdin"`
	Stdout   string          `json:"stdout"`
	Error    string          `json:"error,omitempty"`
	ErrorObj *types.Error    `json:"errorObject,omitempty"`
}

// recorder is libcni's own way to run plugins, which also writes down each run.
type recorder struct {
	invoke.RawExec
	version.PluginDecoder
	runs []run
}

// ExecPlugin runs one plugin; libcni calls it for one plugin of a list after the other.
func (r *recorder) ExecPlugin(ctx context.Context, path string, stdin []byte, env []string) ([]byte, error) {
	started := time.Now()
	stdout, err := r.RawExec.ExecPlugin(ctx, path, stdin, env)
	entry := run{
		Plugin:  filepath.Base(path),
		Command: valueOf(env, "CNI_COMMAND"),
		Millis:  float64(time.Since(started).Microseconds()) / 1000,
		Stdout:  string(stdout),
	}
	if json.Valid(stdin) {
		entry.Stdin = stdin
	}
	if err != nil {
		entry.Error = err.Error()
		entry.ErrorObj, _ = err.(*types.Error)
	}
	r.runs = append(r.runs, entry)
	return stdout, err
}

// valueOf returns the last value of an environment variable, which is the one a program sees.
func valueOf(env []string, name string) string {
	value := ""
	for _, pair := range env {
		if strings.HasPrefix(pair, name+"=") {
			value = pair[len(name)+1:]
		}
	}
	return value
}
