// What a node of a test runs in place of what cannot run there: the pause container, a service, its client, and
// kuma-dp (the same ports and probes, a transparent proxy in the place of Envoy). And the node's machine and first process.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string){
		"app":     app,
		"get":     get,
		"init":    initProcess,
		"machine": machine,
		"pause":   func([]string) { untilTerm() },
		"run":     sidecar, // as kuma-dp is started
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "usage: standin app | get URL | init PROGRAM… | machine DISK PROGRAM… | pause | run\n")
		os.Exit(2)
	}
	commands[os.Args[1]](os.Args[2:])
}
