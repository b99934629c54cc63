// A container runtime's network half, for tests: libcni as containerd and CRI-O call it, driven by
// one JSON request a line on standard input and answering with one JSON line each, in the order in
// which the calls end. Requests run side by side, so that one process stands for a busy node.
//
// It is started inside the "node" network namespace; plugins inherit that namespace.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

func main() {
	answers := json.NewEncoder(os.Stdout)
	var writing sync.Mutex
	var running sync.WaitGroup

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 64*1024), 32*1024*1024)
	for lines.Scan() {
		var req request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			fmt.Fprintln(os.Stderr, "cannot read the request:", err)
			os.Exit(2)
		}
		running.Add(1)
		go func() {
			defer running.Done()
			answer := serve(context.Background(), &req)
			writing.Lock()
			defer writing.Unlock()
			if err := answers.Encode(answer); err != nil {
				os.Exit(3) // the test that asked is gone
			}
		}()
	}
	running.Wait()
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "cannot read requests:", err)
		os.Exit(2)
	}
}
